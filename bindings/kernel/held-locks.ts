import { type Doing, LOCK_RECORD, type LockClass } from "../../assembly/locks.js";
import { actions, lockNames, type LockName } from "../core/lock-words.js";
import type { Machine } from "../core/machine.js";

/** A lock that a kernel path holds. */
export interface HeldLock {
  readonly lock: LockName;
  /** What it was taken for: "mprotect", "try_to_unmap"... */
  readonly doing: string;
}

/** Before the locks in an actor's list: how many there are. */
const LIST_HEAD = 8;

/** What an actor holds, -1 for the one that runs, the lock taken first in front; null if the build has no locks. */
export function readHeldLocks({ core, view }: Machine, actor = -1): HeldLock[] | null {
  const list = core.heldLocks(actor) >>> 0;
  if (!list) return null;
  return Array.from({ length: view.getUint32(list, true) }, (_, i) => {
    const word = view.getUint32(list + LIST_HEAD + i * LOCK_RECORD + 4, true);
    return {
      lock: lockNames[(word & 0xff) as LockClass],
      doing: actions[(word >>> 8) as Doing],
    };
  });
}
