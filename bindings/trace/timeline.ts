// The three files of a capture in one order of time.

import type { Faults } from "./fault-file.js";
import type { MapsSnapshot } from "./maps-file.js";
import type { StraceEvent } from "./strace-file.js";

/** What comes next: an event of the calls, a fault by its number, or the time of an exit snapshot. */
export interface TimelineVisitor {
  event(event: StraceEvent): void;
  fault(index: number): void;
  snapshot(snapshot: MapsSnapshot): void;
}

/** A walk over a capture in order of time; at equal times faults come first, snapshots last. */
export class Timeline {
  /** Steps in all. */
  readonly length: number;
  #event = 0;
  #fault = 0;
  #snapshot = 0;
  readonly #snapshots: MapsSnapshot[];

  constructor(
    private readonly events: readonly StraceEvent[],
    private readonly faults: Faults,
    snapshots: readonly MapsSnapshot[],
  ) {
    this.#snapshots = snapshots
      .filter(({ kind }) => kind === "exit")
      .sort((a, b) => a.time - b.time);
    this.length = events.length + faults.count + this.#snapshots.length;
  }

  /** The time of the next step, or Infinity at the end. */
  get time(): number {
    const event = this.events[this.#event];
    const snapshot = this.#snapshots[this.#snapshot];
    return Math.min(
      event?.time ?? Infinity,
      this.faults.times[this.#fault] ?? Infinity,
      snapshot?.time ?? Infinity,
    );
  }

  /** Takes one step; false at the end. */
  step(visitor: TimelineVisitor): boolean {
    const event = this.events[this.#event];
    const snapshot = this.#snapshots[this.#snapshot];
    const eventTime = event?.time ?? Infinity;
    const snapshotTime = snapshot?.time ?? Infinity;
    const faultTime = this.faults.times[this.#fault] ?? Infinity;
    if (this.#fault < this.faults.count && faultTime <= Math.min(eventTime, snapshotTime)) {
      visitor.fault(this.#fault++);
    } else if (event && eventTime <= snapshotTime) {
      this.#event++;
      visitor.event(event);
    } else if (snapshot) {
      this.#snapshot++;
      visitor.snapshot(snapshot);
    } else {
      return false;
    }
    return true;
  }
}
