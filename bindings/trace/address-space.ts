// What the replay knows about one address space beside what the kernel knows.

import type { Prot } from "../kernel/prot.js";
import { KnownRanges } from "./known-ranges.js";

/** A mapping that grows towards lower addresses when what lies below it is touched. */
export interface GrowingRange {
  start: number;
  end: number;
  prot: Prot;
}

/** How a range is locked: with its pages made present at once, or only those that are touched. */
export type Lock = "present" | "on-fault";

/** An address space; threads and a vfork child hold the same one. */
export class AddressSpace {
  readonly known: KnownRanges;
  /** Ranges that a fork child does not get, and those that it gets empty. */
  readonly notForked: KnownRanges;
  readonly wipedOnFork: KnownRanges;
  /** Ranges that are locked on fault: a fork child has no locks. */
  readonly lockedOnFault = new KnownRanges();
  growing: GrowingRange[];
  /** Whether all its ranges are known: it began with a snapshot, or is a copy of one that did. */
  complete: boolean;
  /** Threads that use it. */
  users = 1;
  /** First byte of the heap as the kernel was told it; null when it was not. */
  heapStart: number | null = null;
  /** The break; null until a call tells it. */
  break: number | null = null;
  /** mlockall(MCL_FUTURE): how new mappings are locked; null when they are not. */
  lockFuture: Lock | null = null;
  /** Whether anything was ever locked in it. */
  locks = false;

  constructor(complete: boolean, from?: AddressSpace) {
    this.complete = complete;
    this.known = from ? from.known.clone() : new KnownRanges();
    this.notForked = from ? from.notForked.clone() : new KnownRanges();
    this.wipedOnFork = from ? from.wipedOnFork.clone() : new KnownRanges();
    this.growing = from ? from.growing.map((range) => ({ ...range })) : [];
    if (from) {
      this.heapStart = from.heapStart;
      this.break = from.break;
    }
  }

  /** What fork gives a child. */
  fork(): AddressSpace {
    const child = new AddressSpace(this.complete, this);
    for (const { start, end } of this.notForked.within(0, Infinity)) child.known.remove(start, end);
    return child;
  }

  /** A range is mapped anew: what was said about its addresses before is void. */
  mapped(start: number, end: number): void {
    this.unmapped(start, end);
    this.known.add(start, end);
  }

  unmapped(start: number, end: number): void {
    this.known.remove(start, end);
    if (!this.notForked.isEmpty) this.notForked.remove(start, end);
    if (!this.wipedOnFork.isEmpty) this.wipedOnFork.remove(start, end);
    if (!this.lockedOnFault.isEmpty) this.lockedOnFault.remove(start, end);
  }
}
