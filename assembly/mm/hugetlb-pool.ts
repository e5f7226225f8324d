// The size of the pool of huge pages: /proc/sys/vm/nr_hugepages.

import { PageFlag } from "../abi/flag";
import { header } from "../memory/header";
import {
  dequeueHugePage,
  hugePagesAvailable,
  hugetlbLock,
  hugetlbUnlock,
} from "../struct/huge-pool";
import { pageClear, pageSet } from "../struct/page";
import { hugePageAlloc, putPage } from "../struct/page-frame";

/** A new page for the pool; false when there is no row of free frames. */
function growPool(): bool {
  const head = hugePageAlloc();
  if (!head) return false;
  pageSet(head, PageFlag.Hugetlb);
  header().hugePages++;
  putPage(head);
  return true;
}

/** A free page leaves the pool; false when all are in use or promised. */
function shrinkPool(): bool {
  hugetlbLock();
  const head = hugePagesAvailable() > 0 ? dequeueHugePage() : 0;
  if (head) {
    header().hugePages--;
    pageClear(head, PageFlag.Hugetlb);
  }
  hugetlbUnlock();
  if (head) putPage(head);
  return head != 0;
}

/** set_max_huge_pages, without surplus pages: how many there are then. */
export function setHugePages(wanted: u32): u32 {
  const state = header();
  while (state.hugePages < wanted && growPool());
  while (state.hugePages > wanted && shrinkPool());
  return state.hugePages;
}
