// SRCU: whoever reads under it may sleep. Of all notifiers together, as in v3.7.

import { Header, header } from "../memory/header";
import { mightSleep } from "./lock";
import { pause, YieldKind } from "./yield-point";

/** A read section begins: what is found in it stays until its end. */
export function srcuReadLock(): void {
  if (CHECKED) header().srcuReaders++;
}

export function srcuReadUnlock(): void {
  if (CHECKED) {
    assert(header().srcuReaders > 0, "srcu: a read section ends that never began");
    header().srcuReaders--;
  }
}

/** Waits until every read section that began before this has ended, and for those that began meanwhile. */
export function synchronizeSrcu(): void {
  mightSleep();
  if (CHECKED) {
    const state = header();
    while (state.srcuReaders) {
      assert(EXPLORE && state.actor != 0, "srcu: waits for ever");
      pause(YieldKind.Blocked, changetype<usize>(state) + offsetof<Header>("srcuReaders"));
    }
  }
}
