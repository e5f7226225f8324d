// All labs, the ten commits first, from the oldest; then the defects.

import { anonIndex } from "./anon-index.js";
import { brkLock } from "./brk-lock.js";
import { clearMlock } from "./clear-mlock.js";
import { fileIndex } from "./file-index.js";
import { forkChain } from "./fork-chain.js";
import { hugetlbUnits } from "./hugetlb-units.js";
import { ksmWalk } from "./ksm-walk.js";
import type { Lab } from "./lab.js";
import { lateInvalidate } from "./late-invalidate.js";
import { memcgStat } from "./memcg-stat.js";
import { migrationMlock } from "./migration-mlock.js";
import { mremapOrder } from "./mremap-order.js";
import { notifierCalls } from "./notifier-calls.js";
import { pageEvictable } from "./page-evictable.js";
import { prioPruning } from "./prio-pruning.js";
import { storageKey } from "./storage-key.js";
import { swapToken } from "./swap-token.js";
import { thpMove } from "./thp-move.js";
import { vmaAddress } from "./vma-address.js";

/** Every lab that there is. */
export const labs: readonly Lab[] = [
  memcgStat,
  swapToken,
  fileIndex,
  mremapOrder,
  anonIndex,
  vmaAddress,
  pageEvictable,
  clearMlock,
  notifierCalls,
  storageKey,
  // What went wrong, or became dearer, and was repaired later if at all.
  prioPruning,
  thpMove,
  hugetlbUnits,
  ksmWalk,
  forkChain,
  brkLock,
  lateInvalidate,
  migrationMlock,
];

/** The lab of that name. */
export function labNamed(name: string): Lab | undefined {
  return labs.find((lab) => lab.name === name);
}
