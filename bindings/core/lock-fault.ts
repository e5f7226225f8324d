// What the checked builds say about a lock that was taken wrongly, in words.

import { type Doing, type LockClass, LockFault, LOCK_FAULT_AT } from "../../assembly/locks.js";
import { actions, lockNames } from "./lock-words.js";

/** "page-table lock at 0x12345 (mremap)" */
function described(view: DataView, at: number): string {
  const address = view.getUint32(at, true);
  const word = view.getUint32(at + 4, true);
  const lock = lockNames[(word & 0xff) as LockClass];
  return `${lock} at 0x${address.toString(16)} (${actions[(word >>> 8) as Doing]})`;
}

/**
 * The fault that the core has reported, as one sentence that names both locks and what each is for; null if
 * there is none.
 *
 * @param view all of linear memory
 */
export function describeLockFault(view: DataView): string | null {
  const wanted = LOCK_FAULT_AT + 4;
  const held = LOCK_FAULT_AT + 12;
  switch (view.getUint32(LOCK_FAULT_AT, true) as LockFault | 0) {
    case LockFault.Order:
      return `the ${described(view, wanted)} is wanted while the ${described(view, held)} is held, which comes after it`;
    case LockFault.Twice:
      return `the ${described(view, wanted)} is wanted by who holds it already: the ${described(view, held)}`;
    case LockFault.Deadlock:
      return `the ${described(view, wanted)} is wanted, and who holds it will never let go`;
    case LockFault.Sleep:
      return `something sleeps while the ${described(view, held)} is held, a spinlock`;
    default:
      return null;
  }
}
