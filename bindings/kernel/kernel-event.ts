import { Event, EVENT_ACTOR_SHIFT } from "../../assembly/abi/event.js";
import { EVENT_RECORD } from "../../assembly/abi/memory.js";
import type { Machine } from "../core/machine.js";
import type { OptionTypes } from "./argument.js";

/** Something that happened inside an operation: what a, b and c are is told by Event in assembly/abi/event.ts. */
export interface KernelEvent {
  readonly event: keyof typeof Event;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Number of the actor to whom it happened; left out outside of a Scheduler's steps. */
  readonly actor?: number;
}

/** Most events that are kept between two takeEvents(), if nothing is said. */
export const EVENTS_KEPT = 2048;
/** Most that can be asked for. */
export const MOST_EVENTS = 2 ** 24;

/** What is recorded. */
export interface RecordOptions {
  /** Events that are kept between two takeEvents(), 32 bytes each: 1 to 2^24, default 2,048. */
  readonly most?: number;
  /** What walks of the reverse map do as they go, too: see walksIn(). Not in the build `release`. */
  readonly walks?: boolean;
}

export const recordOptions: OptionTypes<RecordOptions> = { most: "number", walks: "flag" };

const KIND = 2 ** EVENT_ACTOR_SHIFT - 1;

export function readEvents(machine: Machine): KernelEvent[] {
  const n = machine.core.eventsKept() >>> 0;
  const at = machine.core.eventsAt() >>> 0;
  const { floats } = machine;
  return Array.from({ length: n }, (_, i) => {
    const word = (at + i * EVENT_RECORD) / 8;
    const what = floats[word] ?? 0;
    const actor = what >> EVENT_ACTOR_SHIFT;
    return {
      event: Event[what & KIND] as keyof typeof Event,
      a: floats[word + 1] ?? 0,
      b: floats[word + 2] ?? 0,
      c: floats[word + 3] ?? 0,
      ...(actor > 0 ? { actor } : {}),
    };
  });
}
