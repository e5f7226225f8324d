import { Event, EVENT_RECORD } from "../../assembly/abi.js";
import type { Machine } from "../core/machine.js";
import type { OptionTypes } from "./argument.js";

/** Something that happened inside an operation: what a, b and c are is told by Event in assembly/abi.ts. */
export interface KernelEvent {
  readonly event: keyof typeof Event;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Most events that are kept between two takeEvents(), if nothing is said. */
export const EVENTS_KEPT = 2048;
/** Most that can be asked for. */
export const MOST_EVENTS = 2 ** 24;

/** What is recorded. */
export interface RecordOptions {
  /** Events that are kept between two takeEvents(), 32 bytes each: 1 to 2^24, default 2,048. */
  readonly most?: number;
}

export const recordOptions: OptionTypes<RecordOptions> = { most: "number" };

export function readEvents(machine: Machine): KernelEvent[] {
  const n = machine.core.eventsKept() >>> 0;
  const at = machine.core.eventsAt() >>> 0;
  const { floats } = machine;
  return Array.from({ length: n }, (_, i) => {
    const word = (at + i * EVENT_RECORD) / 8;
    return {
      event: Event[floats[word] ?? 0] as keyof typeof Event,
      a: floats[word + 1] ?? 0,
      b: floats[word + 2] ?? 0,
      c: floats[word + 3] ?? 0,
    };
  });
}
