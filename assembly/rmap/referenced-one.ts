// page_referenced_one: was the page touched through this VMA?

import { VmFlag, WalkAct } from "../abi";
import { MmStruct } from "../struct/mm-struct";
import { ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_YOUNG } from "../struct/pte";
import { Vma } from "../struct/vma";
import { traceDid } from "../struct/walk-trace";
import { pageCheckAddress } from "./address";

// What it says, as bits.
export const FOUND: u32 = 1;
export const REFERENCED: u32 = 2;
export const LOCKED: u32 = 4;

/** Clears the mark it finds. A locked VMA is only named. */
export function pageReferencedOne(frame: u32, vma: Vma, address: u64): u32 {
  const pmd = pageCheckAddress(frame, changetype<MmStruct>(<usize>vma.mm), address, false);
  if (!pmd) return 0;
  if (vma.flags & VmFlag.Locked) {
    if (CHECKED) traceDid(WalkAct.VmaLocked);
    ptlUnlock(pmd);
    return LOCKED;
  }
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  let found = FOUND;
  if (entry & PTE_YOUNG) {
    store<u64>(pte, entry & ~PTE_YOUNG);
    // Streaming reads tell nothing about what comes next: cleared, but not counted.
    if (!(vma.flags & VmFlag.SeqRead)) found |= REFERENCED;
    if (CHECKED) traceDid(found & REFERENCED ? WalkAct.Counted : WalkAct.Forgotten);
  } else if (CHECKED) {
    traceDid(WalkAct.Old);
  }
  ptlUnlock(pmd);
  return found;
}
