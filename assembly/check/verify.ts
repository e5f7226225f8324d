// The invariants of the specification, I1 to I12, on the whole machine, at a quiet moment:
// no operation is under way. Everything is counted anew from what the machine consists of.
//
//   tasks -> address spaces, VMAs -> chains, KSM, anon_vmas -> indexes -> page tables -> clients -> swap,
//   page caches, lists of reclaim -> frames -> memcgs -> freed objects -> locks
//
// Each step relies on the notes of those before it, and reports nothing that is only the consequence of a
// link that they found broken.

import { checkAddressSpaces, checkTasks } from "./address-space";
import { checkAnonVmas, checkChains } from "./anon-vma";
import { census, censusBegin } from "./census";
import { checkFrames } from "./frames";
import { checkFreed } from "./freed";
import { checkAnonIndexes, checkFileIndexes, checkFileUsers } from "./indexes";
import { checkKsm } from "./ksm";
import { checkLocks } from "./locks";
import { checkLru } from "./lru";
import { checkMemcgs } from "./memcg";
import { checkNotifiers } from "./notifiers";
import { checkPageCaches } from "./page-cache";
import { checkPageTables } from "./page-tables";
import { checkStorageKeys } from "./storage-keys";
import { checkSwapSlots } from "./swap";
import { checkSwapToken } from "./swap-token";

/**
 * Checks the machine and changes nothing of it, counters included.
 * @returns address of a count f64 and VIOLATIONS_LISTED violation records in scratch memory, see violated.ts;
 *   0 when there is no memory for it
 */
export function verify(): u32 {
  if (!censusBegin()) return 0;
  checkTasks();
  checkAddressSpaces();
  checkChains();
  checkKsm();
  checkAnonVmas();
  checkAnonIndexes();
  checkFileIndexes();
  checkFileUsers();
  checkPageTables();
  checkNotifiers();
  checkSwapSlots();
  checkPageCaches();
  checkLru();
  checkFrames();
  checkStorageKeys();
  checkMemcgs();
  checkSwapToken();
  checkFreed();
  checkLocks();
  return census().report;
}
