// The swap token, up to v3.4 (mm/thrash.c): of all that thrash one at a time shall keep its pages.
//
//   a fault reads from swap      the holder: priority + 2
//                                another: + 1 if it faults sooner again than the last time, else - 1; it takes the
//                                token, and 2 more, once it has more than the holder
//   every 256 faults or more     the holder's priority is halved, though it may sleep
//   the holder goes, or changes  nobody has it: the next fault takes it
//   memcg, or reclaim despairs
//
// All numbers are unsigned and wrap around. Only who has the lock may change them, but for globalFaults, which all
// count; a fault that finds it taken does not wait, and leaves no stamp.

import { Event } from "../abi/event";
import { SwapToken } from "../abi/switch";
import { Doing, LockClass } from "../locks";
import { event } from "../memory/event";
import { handleOf } from "../memory/handle";
import { Header, header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { lock, trylock, unlock } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";

/** TOKEN_AGING_INTERVAL. */
const AGING_INTERVAL: u32 = 255;

function swapTokenLock(): usize {
  return changetype<usize>(header()) + offsetof<Header>("swapTokenLock");
}

function holderHandle(): f64 {
  return handleOf(<usize>header().swapTokenMm);
}

function drop(): void {
  header().swapTokenMm = 0;
  header().swapTokenMemcg = 0;
}

function take(mm: MmStruct): void {
  const state = header();
  const before = holderHandle();
  mm.tokenPriority += 2;
  state.swapTokenMm = <u32>changetype<usize>(mm);
  state.swapTokenMemcg = mm.memcg;
  state.lastAging = state.globalFaults;
  event(Event.SwapTokenTaken, holderHandle(), before, <f64>mm.tokenPriority);
}

/** Does the address space get the token, or keep it without more ado? Its priority is what this fault makes it. */
function deserves(mm: MmStruct, interval: u32): bool {
  const state = header();
  if (!state.swapTokenMm) return true;
  const holder = changetype<MmStruct>(<usize>state.swapTokenMm);
  if (state.globalFaults - state.lastAging > AGING_INTERVAL) {
    holder.tokenPriority >>= 1;
    state.lastAging = state.globalFaults;
  }
  if (holder == mm) {
    mm.tokenPriority += 2;
    return false;
  }
  if (interval < mm.lastInterval) mm.tokenPriority++;
  else if (mm.tokenPriority) mm.tokenPriority--;
  return mm.tokenPriority > holder.tokenPriority;
}

/** Whoever counts does so without the lock, and so do those who have it read what others count. */
function accessGlobalFaults(): void {
  sharedAccess(changetype<usize>(header()) + offsetof<Header>("globalFaults"));
}

function contend(mm: MmStruct): void {
  const state = header();
  accessGlobalFaults();
  state.globalFaults++;
  const interval = state.globalFaults - mm.faultstamp;
  if (!trylock(swapTokenLock(), LockClass.SwapTokenLock, Doing.SwapToken)) return;
  accessGlobalFaults();
  const before = mm.tokenPriority;
  if (deserves(mm, interval)) take(mm);
  else
    event(
      Event.SwapTokenPriority,
      handleOf(changetype<usize>(mm)),
      <f64>before,
      <f64>mm.tokenPriority,
    );
  mm.faultstamp = state.globalFaults;
  mm.lastInterval = interval;
  unlock(swapTokenLock());
}

/** grab_swap_token: a fault is about to read a page of the address space from swap. */
export function grabSwapToken(mm: MmStruct): void {
  if (header().swapToken == <u32>SwapToken.On) contend(mm);
}

/** put_swap_token: whoever holds it gives it up. */
export function putSwapToken(mm: MmStruct): void {
  if (header().swapToken != <u32>SwapToken.On) return;
  const self = <u32>changetype<usize>(mm);
  sharedAccess(changetype<usize>(header()) + offsetof<Header>("swapTokenMm"));
  if (header().swapTokenMm != self) return;
  lock(swapTokenLock(), LockClass.SwapTokenLock, Doing.SwapToken);
  if (header().swapTokenMm == self) {
    event(Event.SwapTokenPut, holderHandle(), 0, 0);
    drop();
  }
  unlock(swapTokenLock());
}

function concerns(memcg: u32): bool {
  const owner = header().swapTokenMemcg;
  return !memcg || !owner || memcg == owner;
}

/**
 * disable_swap_token: reclaim has come to where it tries everything.
 * @param memcg 0, or which it reclaims for: another's token stays
 */
export function disableSwapToken(memcg: u32): void {
  if (header().swapToken != <u32>SwapToken.On) return;
  sharedAccess(changetype<usize>(header()) + offsetof<Header>("swapTokenMemcg"));
  if (!concerns(memcg)) return;
  lock(swapTokenLock(), LockClass.SwapTokenLock, Doing.SwapToken);
  if (concerns(memcg)) {
    if (header().swapTokenMm) event(Event.SwapTokenDisabled, holderHandle(), 0, 0);
    drop();
  }
  unlock(swapTokenLock());
}

/** copy_mm: with a new address space and with a new thread alike, which takes its address space's priority away. */
export function resetSwapToken(mm: MmStruct): void {
  mm.tokenPriority = 0;
  mm.lastInterval = 0;
}
