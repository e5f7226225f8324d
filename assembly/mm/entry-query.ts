// What JavaScript asks about one entry of a page table.

import { Errno } from "../abi/result";
import { PAGE_SHIFT } from "../abi/unit";
import { objectOf } from "../memory/handle";
import { Cache } from "../memory/slab";
import { hugeEntry, hugePmdAt, pteAt } from "../struct/page-table";
import { pteFrame, pteIsPage, pteIsPresent, PTE_WRITE } from "../struct/pte";
import { mmOf } from "./process";

const HUGE_INDEX: u64 = 511;

/**
 * The present entry over an address, of a huge page as that of one of its pages: 1 + frame * 2 (the zero page's is 0),
 * and 1 more if it is writable; 0 if nothing is present there, or -ESRCH.
 */
export function entryAtAddress(handle: f64, address: f64): f64 {
  const task = objectOf(Cache.Task, handle);
  if (!task) return <f64>-Errno.ESRCH;
  const at = <u64>address;
  const mm = mmOf(task);
  const pte = pteAt(mm, at);
  const huge: usize = pte ? 0 : hugePmdAt(mm, at);
  const entry = pte ? load<u64>(pte) : huge ? hugeEntry(huge) : 0;
  if (!pteIsPresent(entry)) return 0;
  let frame = pteIsPage(entry) ? pteFrame(entry) : 0;
  if (huge && frame) frame += <u32>((at >> PAGE_SHIFT) & HUGE_INDEX);
  return 1 + <f64>frame * 2 + (entry & PTE_WRITE ? 1 : 0);
}
