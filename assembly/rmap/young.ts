// ptep_clear_flush_young_notify: was a page touched through one entry?

import { mmuNotifierClearFlushYoung } from "../notifier/dispatch";
import { MmStruct } from "../struct/mm-struct";
import { PTE_YOUNG } from "../struct/pte";

/** By the processor, or by another that is asked in any case: all marks are cleared. Under the page-table lock. */
export function clearFlushYoung(mm: MmStruct, pte: usize, address: u64): bool {
  const entry = load<u64>(pte);
  const young = (entry & PTE_YOUNG) != 0;
  if (young) store<u64>(pte, entry & ~PTE_YOUNG);
  return mmuNotifierClearFlushYoung(mm, address) || young;
}
