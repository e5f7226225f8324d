// What happens inside an operation, recorded only while somebody asked for it: [Event and actor, a, b, c] as f64.

import { Event, EVENT_ACTOR_SHIFT } from "../abi/event";
import { EVENT_RECORD } from "../abi/memory";
import { header } from "./header";
import { heapAlloc } from "./heap";

/**
 * Room for so many events, 0 to stop; false when memory is exhausted. Events beyond that are dropped, and counted.
 * Room once made is used again, unless more is wanted.
 */
export function eventsEnable(capacity: u32): bool {
  const state = header();
  state.eventCount = 0;
  if (capacity > state.eventRoom) {
    const buffer = heapAlloc(<u64>EVENT_RECORD * <u64>capacity);
    if (!buffer) return false;
    state.eventBuffer = <u32>buffer;
    state.eventRoom = capacity;
  }
  state.eventCapacity = capacity;
  return true;
}

/** Forgets what was recorded; recording goes on if it was on. */
export function eventsForget(): void {
  header().eventCount = 0;
}

export function event(what: Event, a: f64, b: f64, c: f64): void {
  const state = header();
  if (!state.eventCapacity) return;
  const n = state.eventCount++;
  if (n >= state.eventCapacity) return;
  const at = <usize>state.eventBuffer + <usize>n * <usize>EVENT_RECORD;
  store<f64>(at, <f64>(EXPLORE ? (<u32>what) | (state.actor << EVENT_ACTOR_SHIFT) : what));
  store<f64>(at, a, 8);
  store<f64>(at, b, 16);
  store<f64>(at, c, 24);
}
