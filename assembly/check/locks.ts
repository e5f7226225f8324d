// Invariant I12 at a quiet moment: nobody holds anything. Order is asserted as locks are taken.

import { PageFlag } from "../abi";
import { HELD_LOCKS } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { MmStruct } from "../struct/mm-struct";
import { pageRefcount, pageTest } from "../struct/page";
import { HELD_RECORD, MAX_ACTORS } from "../sync/lock";
import { Violated } from "../violated";
import { census, pidOfMm } from "./census";
import { violated } from "./violation";

export function checkLocks(): void {
  for (let actor: u32 = 0; actor < MAX_ACTORS; actor++) {
    const held = load<u32>(HELD_LOCKS + <usize>actor * HELD_RECORD);
    if (held) violated(Violated.LocksHeld, <f64>actor, <f64>held);
  }
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    if (mm.mmapSemWriter || mm.mmapSemReaders || mm.pageTableLock) {
      violated(Violated.MmLocked, pidOfMm(mm));
    }
  }
  const top = census().frameTop;
  for (let frame: u32 = 1; frame <= top; frame++) {
    if (pageRefcount(frame) > 0 && pageTest(frame, PageFlag.Locked)) {
      violated(Violated.PageLocked, <f64>frame);
    }
  }
}
