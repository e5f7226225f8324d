// Invariant I12 at a quiet moment: nobody holds anything. Order is asserted as locks are taken.

import { PageFlag } from "../abi/flag";
import { HELD_LOCKS } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { ALL_LOCKS_MARK } from "../mm/take-all-locks";
import { AddressSpace } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { pageRefcount, pageTest } from "../struct/page";
import { HELD_RECORD, MAX_ACTORS } from "../sync/lock";
import { Violated } from "../violated";
import { census, pidOfMm } from "./census";
import { violated } from "./violation";

/** The marks of mm_take_all_locks. */
function checkAllLocks(): void {
  for (let at = slabNext(Cache.AddressSpace, 0); at; at = slabNext(Cache.AddressSpace, at)) {
    const mapping = changetype<AddressSpace>(at);
    if (mapping.mmAllLocks) violated(Violated.AllLocks, <f64>mapping.inode, 0);
  }
  for (let at = slabNext(Cache.AnonVma, 0); at; at = slabNext(Cache.AnonVma, at)) {
    const anonVma = changetype<AnonVma>(at);
    if (anonVma.head & ALL_LOCKS_MARK) violated(Violated.AllLocks, 0, <f64>anonVma.number);
  }
}

export function checkLocks(): void {
  for (let actor: u32 = 0; actor < MAX_ACTORS; actor++) {
    const held = load<u32>(HELD_LOCKS + <usize>actor * HELD_RECORD);
    if (held) violated(Violated.LocksHeld, <f64>actor, <f64>held);
  }
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    if (mm.mmapSemWriter || mm.mmapSemReaders != mm.heldReaders || mm.pageTableLock) {
      violated(Violated.MmLocked, pidOfMm(mm));
    }
  }
  checkAllLocks();
  const top = census().frameTop;
  for (let frame: u32 = 1; frame <= top; frame++) {
    if (pageRefcount(frame) > 0 && pageTest(frame, PageFlag.Locked)) {
      violated(Violated.PageLocked, <f64>frame);
    }
  }
}
