// ptep_clear_flush_young_notify: was a page touched through one entry?

import { mmuNotifierClearFlushYoung } from "../notifier/dispatch";
import { MmStruct } from "../struct/mm-struct";
import { PTE_YOUNG } from "../struct/pte";

/** Takes the mark of an entry away; was it there? All that is to be done in an mm that has no notifiers. */
export function pteClearYoung(pte: usize): bool {
  const entry = load<u64>(pte);
  if (!(entry & PTE_YOUNG)) return false;
  store<u64>(pte, entry & ~PTE_YOUNG);
  return true;
}

/** By the processor, or by another that is asked in any case: all marks are cleared. Under the page-table lock. */
export function clearFlushYoung(mm: MmStruct, pte: usize, address: u64): bool {
  const young = pteClearYoung(pte);
  return mmuNotifierClearFlushYoung(mm, address) || young;
}
