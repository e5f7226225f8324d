// RCU: readers take no lock; whoever changes what they rely on waits until all that had begun before are done.
// Objects need no grace period here, as slabs are type-stable; moves of charges wait for readers.
//
//   processor   +0 sections it is in   +4 sections it has begun   (struct/memcg-stock.ts has the rest)

import { header, PROCESSOR_BYTES, PROCESSORS } from "../memory/header";
import { MAX_ACTORS, mightSleep } from "./lock";
import { pause, YieldKind } from "./yield-point";

const BEGUN: usize = 4;

function own(): usize {
  return PROCESSORS + <usize>header().actor * PROCESSOR_BYTES;
}

export function rcuReadLock(): void {
  if (!EXPLORE) return;
  const at = own();
  const nesting = load<u32>(at);
  store<u32>(at, nesting + 1);
  if (!nesting) store<u32>(at, load<u32>(at, BEGUN) + 1, BEGUN);
}

export function rcuReadUnlock(): void {
  if (!EXPLORE) return;
  const at = own();
  assert(load<u32>(at) > 0, "rcu: a read section ends that was not begun");
  store<u32>(at, load<u32>(at) - 1);
}

/** Waits for every read section that has begun. In a plain run nobody is in one. */
export function synchronizeRcu(): void {
  mightSleep();
  if (!EXPLORE) return;
  const self = header().actor;
  if (!self) return;
  for (let i: u32 = 1; i < MAX_ACTORS; i++) {
    const at = PROCESSORS + <usize>i * PROCESSOR_BYTES;
    const begun = load<u32>(at, BEGUN);
    // Sections that begin later need not be waited for.
    while (i != self && load<u32>(at) && load<u32>(at, BEGUN) == begun) {
      pause(YieldKind.Blocked, at);
    }
  }
}
