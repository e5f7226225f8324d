// The exit snapshots of a capture, each compared once.

import { compareMaps } from "./comparison.js";
import type { MapsDifference } from "./comparison.js";
import { increment } from "./machine.js";
import type { Machine } from "./machine.js";
import type { MapsSnapshot } from "./maps-file.js";
import type { Task } from "./task.js";

/** A difference, and where in the capture of maps the snapshot stands. */
export interface SnapshotDifference extends MapsDifference {
  pid: number;
  /** Line of the snapshot's heading. */
  line: number;
}

/** Differences that are kept with their particulars; the others are only counted. */
const KEPT = 100;

/** A snapshot may be this much younger than the end of its process: it was taken while the end was delayed. */
const YOUNGER_NS = 2e9;

/** What the comparisons gave so far. */
export class SnapshotChecks {
  compared = 0;
  differences = 0;
  boundaries = 0;
  readonly explained = new Map<string, number>();
  readonly details: SnapshotDifference[] = [];
  /** Snapshots that were compared, and those whose process did not begin in the capture. */
  snapshots = 0;
  skipped = 0;
  /** The time that the replay has come to. */
  now = 0;
  readonly #pending = new Map<number, MapsSnapshot[]>();

  constructor(snapshots: readonly MapsSnapshot[]) {
    for (const snapshot of snapshots) {
      if (snapshot.kind !== "exit") continue;
      const list = this.#pending.get(snapshot.pid);
      if (list) list.push(snapshot);
      else this.#pending.set(snapshot.pid, [snapshot]);
    }
  }

  /** The replay has come to a snapshot's time. */
  reached(machine: Machine, snapshot: MapsSnapshot): void {
    const list = this.#pending.get(snapshot.pid);
    if (list?.[0] !== snapshot) return;
    list.shift();
    const task = machine.tasks.ofProcess(snapshot.pid)[0];
    if (task) this.#compare(machine, task, snapshot);
    else this.skipped++;
  }

  /** A process ends: a snapshot that is only a little younger shows what it was. */
  processEnds(machine: Machine, task: Task): void {
    const list = this.#pending.get(task.pid);
    const snapshot = list?.[0];
    if (!snapshot || snapshot.time > this.now + YOUNGER_NS) return;
    list.shift();
    this.#compare(machine, task, snapshot);
  }

  #compare(machine: Machine, task: Task, snapshot: MapsSnapshot): void {
    if (!task.space.complete) {
      this.skipped++;
      return;
    }
    machine.submission.flush();
    this.snapshots++;
    const result = compareMaps(snapshot.ranges, task.process.vmas(), machine.inodes);
    this.compared += result.compared;
    this.differences += result.differences.length;
    this.boundaries += result.boundaries;
    for (const [why, count] of result.explained) increment(this.explained, why, count);
    for (const difference of result.differences) {
      if (this.details.length >= KEPT) break;
      this.details.push({ ...difference, pid: snapshot.pid, line: snapshot.line });
    }
  }
}
