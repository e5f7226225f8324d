// Yield points: the explore build can be suspended there, the checked build counts them too, and from release
// Binaryen removes them.

import { header } from "../memory/header";
import { yieldPoint } from "./host";
import { passStep } from "./lock-counter";

export enum YieldKind {
  /** About to take a lock. */
  Lock = 1,
  /** A lock was let go. */
  Unlock,
  /** Waiting: somebody else holds the lock, or has to be done first. */
  Blocked,
  /** About to read or write what others can see without a lock in common. */
  Access,
}

export function pause(kind: YieldKind, object: usize): void {
  // Somebody who waits takes no step, however often he looks.
  if (CHECKED && kind != YieldKind.Blocked) passStep();
  if (EXPLORE) {
    if (header().actor) yieldPoint(kind, <u32>object);
  }
}

/** Before a shared access that no lock of the reader orders. */
export function sharedAccess(object: usize): void {
  if (CHECKED) pause(YieldKind.Access, object);
}
