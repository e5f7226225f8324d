// Where in a VMA a page should be, and whether it is there.

import { Doing } from "../locks";
import { HugetlbPgoff, VmaAddress } from "../abi/switch";
import { HUGE_ORDER, PAGE_SHIFT } from "../abi/unit";
import { header } from "../memory/header";
import { AnonVma } from "../struct/anon-vma";
import { File } from "../struct/address-space";
import { MmStruct } from "../struct/mm-struct";
import { pageAnonVma, pageFileMapping, pageIndex, pageIsHugetlb } from "../struct/page";
import { pmdAt, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsPage } from "../struct/pte";
import { isNonlinear, Vma } from "../struct/vma";
import { traceEntry, traceNoTable } from "../struct/walk-trace";
import { sharedAccess } from "../sync/yield-point";
import { isHugetlbMappedAt } from "./hugetlb-address";

/** No address: the VMA does not hold the page's pgoff. */
export const OUTSIDE: u64 = u64.MAX_VALUE;

/** Where a page begins in its mapping, in pages. */
export function pagePgoff(frame: u32): u64 {
  const index = pageIndex(frame);
  return pageIsHugetlb(frame) ? hugetlbPgoff(index) : index;
}

/** pagePgoff() of a huge page of the pool, which has its index in huge pages. */
export function hugetlbPgoff(index: u64): u64 {
  return index << HUGE_ORDER;
}

/**
 * What an index is asked for, to find the VMAs that hold a huge page of the pool: v3.7 asks for the page's own index,
 * though VMAs count small pages (spec/commits.md section 5).
 */
export function hugetlbAskedPgoff(index: u64): u64 {
  return header().hugetlbPgoff == <u32>HugetlbPgoff.SmallPages ? hugetlbPgoff(index) : index;
}

/** __vma_address: the address that pagePgoff() has in the VMA, inside its bounds or not. */
function rawVmaAddress(pgoff: u64, vma: Vma): u64 {
  return vma.start + ((pgoff - vma.pgoff) << PAGE_SHIFT);
}

function isInside(vma: Vma, address: u64): bool {
  return address >= vma.start && address < vma.end;
}

/** What vmaAddress() is to do, which a walk asks once. */
export function addressIsChecked(): bool {
  return header().vmaAddress == <u32>VmaAddress.Checked;
}

/**
 * Address of pagePgoff() in a VMA that an index returned: OUTSIDE when the vmaAddress switch is `checked`
 * and it is not there, an assertion when it is `asserted` (spec/commits.md section 5).
 */
export function vmaAddress(pgoff: u64, vma: Vma, checked: bool): u64 {
  const address = rawVmaAddress(pgoff, vma);
  if (checked) return isInside(vma, address) ? address : OUTSIDE;
  // In release it would be worked out for nothing.
  if (CHECKED) assert(isInside(vma, address), "vma_address: outside its vma");
  return address;
}

/** Address of a page in any VMA handed in, or OUTSIDE if it can't be mapped there. */
export function pageAddressInVma(frame: u32, vma: Vma): u64 {
  const anonVma = pageAnonVma(frame);
  const mapping = pageFileMapping(frame);
  if (anonVma) {
    if (!vma.anonVma) return OUTSIDE;
    const root = changetype<AnonVma>(<usize>anonVma).root;
    if (changetype<AnonVma>(<usize>vma.anonVma).root != root) return OUTSIDE;
  } else if (mapping && !isNonlinear(vma)) {
    if (!vma.file || changetype<File>(<usize>vma.file).mapping != mapping) return OUTSIDE;
  } else {
    return OUTSIDE;
  }
  const address = rawVmaAddress(pagePgoff(frame), vma);
  return isInside(vma, address) ? address : OUTSIDE;
}

/**
 * The pmd entry over an address at which the page is mapped right now, its page-table lock taken; 0 if it
 * is not mapped there. Without `sync` an absent entry is noticed before the lock is taken: racy by design.
 */
export function pageCheckAddress(frame: u32, mm: MmStruct, address: u64, sync: bool): usize {
  const pmd = pmdAt(mm, address);
  if (!pmd) {
    // A page of the pool has its entry one level up, and is looked for there next.
    if (CHECKED && !pageIsHugetlb(frame)) traceNoTable(address);
    return 0;
  }
  const pte = pteUnder(pmd, address);
  sharedAccess(pte);
  if (!sync && !pteIsPage(load<u64>(pte))) {
    if (CHECKED) traceEntry(frame, address, load<u64>(pte));
    return 0;
  }
  ptlLock(pmd, Doing.CheckAddress);
  const entry = load<u64>(pte);
  if (CHECKED) traceEntry(frame, address, entry);
  if (pteIsPage(entry) && pteFrame(entry) == frame) return pmd;
  ptlUnlock(pmd);
  return 0;
}

/** Does this VMA map the page right now? For a VMA that no index returned. */
export function pageMappedInVma(frame: u32, vma: Vma): bool {
  const address = rawVmaAddress(pagePgoff(frame), vma);
  if (!isInside(vma, address)) return false;
  const mm = changetype<MmStruct>(<usize>vma.mm);
  if (pageIsHugetlb(frame)) return isHugetlbMappedAt(frame, mm, address);
  const pmd = pageCheckAddress(frame, mm, address, true);
  if (!pmd) return false;
  ptlUnlock(pmd);
  return true;
}
