// From a page to its anon_vma, safely: the page may be unmapped and the anon_vma freed and reused as
// another one between any two steps. Slabs are type-stable, so looking is harmless; what was found
// "may have been right", and every user checks the entry itself.

import { AnonVma, rootMutex } from "../struct/anon-vma";
import { pageAnonVma, pageMapped, pageMappingAt } from "../struct/page";
import { Doing, LockClass } from "../locks";
import { lock, trylock, unlock } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";
import { getAnonVmaUnlessZero, putAnonVma } from "./anon-vma";

/**
 * The anon_vma of a mapped anonymous page, pinned, so that it outlives the page's last mapping; null if
 * there is none any more, and for KSM's pages.
 */
export function pageGetAnonVma(frame: u32): AnonVma | null {
  sharedAccess(pageMappingAt(frame));
  const found = pageAnonVma(frame);
  if (!found || !pageMapped(frame)) return null;
  const anonVma = changetype<AnonVma>(<usize>found);
  if (!getAnonVmaUnlessZero(anonVma)) return null;
  // Freed and reused as another one between the two looks, it is not this page's.
  if (pageMapped(frame)) return anonVma;
  putAnonVma(anonVma);
  return null;
}

/** Locks the root of the anon_vma of a mapped anonymous page; null if there is none any more. */
export function pageLockAnonVma(frame: u32): AnonVma | null {
  sharedAccess(pageMappingAt(frame));
  // Read once: it may change with the next step of somebody else.
  const found = pageAnonVma(frame);
  if (!found || !pageMapped(frame)) return null;
  const anonVma = changetype<AnonVma>(<usize>found);
  const mutex = rootMutex(anonVma);
  if (trylock(mutex, LockClass.AnonVmaMutex, Doing.PageLockAnonVma)) {
    // Reuse under our feet would have unmapped the page first.
    if (!pageMapped(frame)) {
      unlock(mutex);
      return null;
    }
    return anonVma;
  }
  if (!getAnonVmaUnlessZero(anonVma)) return null;
  if (!pageMapped(frame)) {
    putAnonVma(anonVma);
    return null;
  }
  lock(rootMutex(anonVma), LockClass.AnonVmaMutex, Doing.PageLockAnonVma);
  if (anonVma.refcount == 1) {
    // The pin is the last reference: freeing takes the mutex, so it is let go first.
    unlock(rootMutex(anonVma));
    putAnonVma(anonVma);
    return null;
  }
  anonVma.refcount--;
  return anonVma;
}

export function pageUnlockAnonVma(anonVma: AnonVma): void {
  unlock(rootMutex(anonVma));
}
