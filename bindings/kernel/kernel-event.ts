import { Event, EVENT_RECORD } from "../../assembly/abi.js";
import { KernelError } from "../core/kernel-error.js";
import type { Machine } from "../core/machine.js";

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
const MOST_EVENTS = 2 ** 24;

/** @throws KernelError EINVAL */
export function eventCapacity(most: number): number {
  if (Number.isInteger(most) && most >= 1 && most <= MOST_EVENTS) return most;
  const accepted = `accepted: integers from 1 to ${MOST_EVENTS}`;
  throw new KernelError("EINVAL", "recordEvents()", `most is ${most}, ${accepted}`);
}

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
