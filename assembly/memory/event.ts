// What happens inside an operation, recorded only while somebody asked for it: [Event, a, b, c] as f64.

import { Event, EVENT_RECORD } from "../abi";
import { header } from "./header";
import { heapAlloc } from "./heap";

const CAPACITY: u32 = 2048;

/** Room for CAPACITY events; false when memory is exhausted. Events beyond that are dropped, and counted. */
export function eventsEnable(on: bool): bool {
  const state = header();
  state.eventCount = 0;
  if (on && !state.eventBuffer) {
    state.eventBuffer = <u32>heapAlloc(<u64>EVENT_RECORD * CAPACITY);
    if (!state.eventBuffer) return false;
  }
  state.eventCapacity = on ? CAPACITY : 0;
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
  store<f64>(at, <f64>what);
  store<f64>(at, a, 8);
  store<f64>(at, b, 16);
  store<f64>(at, c, 24);
}
