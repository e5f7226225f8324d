// What a memcg counts of a page's mappings up to v3.3 (spec/commits.md section 10, "Before"): a flag in the page's side
// record says that it is counted. `memcgStat: page-flag`.
//
//   the map count changes -> NR_FILE_MAPPED -> the flag -> mapped_file of the owner
//
// Nothing brackets these steps. That a page is mapped when its flag is about to be cleared is looked at once, and
// whoever maps it elsewhere holds another page-table lock: then it is mapped and its flag is clear, so that the next
// move of its charge leaves its count behind.

import { header } from "../memory/header";
import { Doing } from "../locks";
import { rcuReadLock, rcuReadUnlock } from "../sync/rcu";
import { sharedAccess } from "../sync/yield-point";
import { memcgAt, memcgOnMoveAt } from "../struct/memcg";
import { pageIsHuge, pageMapped, pageMemcg } from "../struct/page";
import {
  isCharged,
  moveLockPageCgroup,
  moveUnlockPageCgroup,
  PageCgroup,
  pageCgroupAt,
  pageCgroupClear,
  pageCgroupSet,
} from "../struct/page-cgroup";

/** mem_cgroup_stealed: each processor knows by itself whether charges of a memcg are moved. */
function isBeingMoved(memcg: u32): bool {
  const at = memcgOnMoveAt(memcg, header().actor);
  sharedAccess(at);
  return load<u32>(at) != 0;
}

function setFileMapped(frame: u32, n: i32): void {
  if (n > 0) {
    sharedAccess(pageCgroupAt(frame));
    pageCgroupSet(frame, PageCgroup.FileMapped);
  } else if (!pageMapped(frame)) {
    sharedAccess(pageCgroupAt(frame));
    pageCgroupClear(frame, PageCgroup.FileMapped);
  }
}

/** mem_cgroup_update_page_stat, after the map count has changed. */
export function updateFileMapped(frame: u32, n: i32): void {
  rcuReadLock();
  sharedAccess(pageCgroupAt(frame));
  let memcg = pageMemcg(frame);
  if (isCharged(frame)) {
    const locked = isBeingMoved(memcg) || pageIsHuge(frame);
    if (locked) {
      moveLockPageCgroup(frame, Doing.PageStat);
      memcg = pageMemcg(frame);
    }
    if (!locked || isCharged(frame)) {
      setFileMapped(frame, n);
      memcgAt(memcg).mappedFile += n;
    }
    if (locked) moveUnlockPageCgroup(frame);
  }
  rcuReadUnlock();
}
