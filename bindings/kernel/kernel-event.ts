import { Event, EVENT_RECORD } from "../../assembly/abi.js";
import type { Machine } from "../core/machine.js";

/** Something that happened inside an operation: what a, b and c are is told by Event in assembly/abi.ts. */
export interface KernelEvent {
  readonly event: keyof typeof Event;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Most events that are kept between two takeEvents(). */
const CAPACITY = 2048;

export function readEvents(machine: Machine): KernelEvent[] {
  const n = Math.min(machine.core.eventsRecorded() >>> 0, CAPACITY);
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
