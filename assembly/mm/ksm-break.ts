// A page that KSM shares is copied where it must not be shared any more.

import { Errno } from "../abi/result";
import { PAGE_SIZE } from "../abi/unit";
import { MmStruct } from "../struct/mm-struct";
import { pageIsKsm } from "../struct/page";
import { nextMapped, pteAt } from "../struct/page-table";
import { pteFrame, pteIsPage } from "../struct/pte";
import { Vma } from "../struct/vma";
import { handleMmFault } from "./fault";

function showsKsm(mm: MmStruct, address: u64): bool {
  const pte = pteAt(mm, address);
  const entry = pte ? load<u64>(pte) : 0;
  return pteIsPage(entry) && pageIsKsm(pteFrame(entry));
}

/** break_ksm: a write fault, whatever the VMA allows. 0, or ENOMEM. */
export function breakKsm(vma: Vma, address: u64): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  while (showsKsm(mm, address)) {
    if (handleMmFault(mm, vma, address, true) == Errno.ENOMEM) return Errno.ENOMEM;
  }
  return 0;
}

/** Breaks every shared page of [start, end) of the VMA. 0, or ENOMEM: those before it are broken. */
export function unmergeKsmPages(vma: Vma, start: u64, end: u64): i32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  for (let at = nextMapped(mm, start, end); at < end; at = nextMapped(mm, at + PAGE_SIZE, end)) {
    const error = breakKsm(vma, at);
    if (error) return error;
  }
  return 0;
}
