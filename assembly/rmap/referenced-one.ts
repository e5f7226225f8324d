// page_referenced_one: was the page touched through this VMA?

import { Doing } from "../locks";
import { VmFlag } from "../abi/flag";
import { WalkAct } from "../abi/walk";
import { MmStruct } from "../struct/mm-struct";
import { ptlUnlock, pteUnder } from "../struct/page-table";
import { Vma } from "../struct/vma";
import { traceDid } from "../struct/walk-trace";
import { pageCheckAddress } from "./address";
import { mmHasNotifiers } from "../notifier/dispatch";
import { clearFlushYoung, clearFlushYoungHuge, pteClearYoung } from "./young";
import { pretendsReferenced } from "./swap-token";
import { HugeEntry, pageCheckAddressPmd, pmdLock, pmdUnlock } from "./huge-entry";

// What it says: two bits, and above them a number of references.
export const FOUND: u32 = 1;
export const LOCKED: u32 = 2;
export const REFERENCED: u32 = 4;
const REFERENCES_SHIFT: u32 = 2;

/** How many references it counted. */
export function referencesOf(found: u32): u32 {
  return found >> REFERENCES_SHIFT;
}

/** What was found in a VMA, and one reference more if the swap token says so: for a kernel that has one. */
export function withToken(found: u32, vma: Vma): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  return found & FOUND && pretendsReferenced(mm) ? found + REFERENCED : found;
}

/** Of a huge page: also while it is being split, and in a VMA that is read in sequence as well. */
function hugeReferencedOne(head: u32, vma: Vma, address: u64): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  pmdLock(mm, Doing.Referenced);
  const pmd = pageCheckAddressPmd(head, mm, address, HugeEntry.Any);
  let found: u32 = pmd ? FOUND : 0;
  if (pmd && vma.flags & VmFlag.Locked) {
    found = LOCKED;
    if (CHECKED) traceDid(WalkAct.VmaLocked);
  } else if (pmd && clearFlushYoungHuge(mm, pmd, address, head)) {
    found |= REFERENCED;
    if (CHECKED) traceDid(WalkAct.Counted);
  } else if (CHECKED && pmd) {
    traceDid(WalkAct.Old);
  }
  pmdUnlock(mm);
  return found;
}

/**
 * Clears the mark it finds. A locked VMA is only named. The caller asks withToken() next, if there is one.
 * @param huge the page is the head of a huge one
 */
export function pageReferencedOne(frame: u32, vma: Vma, address: u64, huge: bool): u32 {
  if (huge) return hugeReferencedOne(frame, vma, address);
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const pmd = pageCheckAddress(frame, mm, address, false);
  if (!pmd) return 0;
  if (vma.flags & VmFlag.Locked) {
    if (CHECKED) traceDid(WalkAct.VmaLocked);
    ptlUnlock(pmd);
    return LOCKED;
  }
  let found = FOUND;
  const pte = pteUnder(pmd, address);
  if (mmHasNotifiers(mm) ? clearFlushYoung(mm, pte, address) : pteClearYoung(pte)) {
    // Streaming reads tell nothing about what comes next: cleared, but not counted.
    if (!(vma.flags & VmFlag.SeqRead)) found |= REFERENCED;
    if (CHECKED) traceDid(found & REFERENCED ? WalkAct.Counted : WalkAct.Forgotten);
  } else if (CHECKED) {
    traceDid(WalkAct.Old);
  }
  ptlUnlock(pmd);
  return found;
}
