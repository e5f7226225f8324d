import {
  type LockClass,
  LOCK_CLASS_BYTES,
  LOCK_CLASSES_AT,
  LOCK_COUNTERS_AT,
} from "../../assembly/locks.js";
import { lockNames, type LockName } from "../core/lock-words.js";
import type { Machine } from "../core/machine.js";

/** How locks of one class were used. */
export interface LockCount {
  /** How often one was taken. */
  readonly taken: number;
  /** Steps in which one was held, all holds together; a lock that is let go next was held for one step. */
  readonly steps: number;
  /** Steps of the longest hold. */
  readonly longest: number;
}

/** Exact counts since the kernel was made or resetCounters(): see assembly/sync/lock-counter.ts. */
export interface LockCounters {
  /** Steps of all paths: lock operations, and accesses to what others can see without a lock. */
  readonly steps: number;
  /** By class, outer locks first; holds count when they end. */
  readonly locks: Readonly<Record<LockName, LockCount>>;
}

/** Counts of a machine; null if its build has none. */
export function readLockCounters({ core, floats }: Machine): LockCounters | null {
  if (!core.locksAreCounted()) return null;
  const locks = Object.entries(lockNames).map(([kind, name]): [LockName, LockCount] => {
    const at = (LOCK_CLASSES_AT + (Number(kind) as LockClass) * LOCK_CLASS_BYTES) / 8;
    const [taken = 0, steps = 0, longest = 0] = floats.subarray(at, at + 3);
    return [name, { taken, steps, longest }];
  });
  return {
    steps: floats[LOCK_COUNTERS_AT / 8] ?? 0,
    locks: Object.fromEntries(locks) as Record<LockName, LockCount>,
  };
}
