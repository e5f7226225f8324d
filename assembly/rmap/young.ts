// ptep_clear_flush_young_notify, and that of a huge entry: was a page touched through it?

import { HUGE_PAGES } from "../abi/unit";
import { framesTestAndClearYoung, hasStorageKeys } from "../arch/storage-key";
import { mmuNotifierClearFlushYoung } from "../notifier/dispatch";
import { MmStruct } from "../struct/mm-struct";
import { hugeEntryAt } from "../struct/page-table";
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

/**
 * pmdp_clear_flush_young_notify, of a huge page's entry, under the page_table_lock. That of an s390x has no mark: the
 * keys of all frames that it maps are asked.
 */
export function clearFlushYoungHuge(mm: MmStruct, pmd: usize, address: u64, head: u32): bool {
  const young = hasStorageKeys()
    ? framesTestAndClearYoung(head, HUGE_PAGES)
    : pteClearYoung(hugeEntryAt(pmd));
  const elsewhere = mmuNotifierClearFlushYoung(mm, address);
  return young || elsewhere;
}
