// What a replay must know ahead: which call made a thread, which snapshot an exec made, where a heap begins.

import type { Faults } from "./fault-file.js";
import { NO_TID } from "./strace-file.js";
import type { Strace } from "./strace-file.js";
import type { MapsSnapshot } from "./maps-file.js";
import type { TracedCall } from "./traced-call.js";

/** The three files of a capture. */
export interface Capture {
  strace: Strace;
  faults: Faults;
  /** Whether there was a capture of faults at all. */
  hasFaults: boolean;
  snapshots: MapsSnapshot[];
  hasMaps: boolean;
}

/** Answers from the whole capture, for a replay that has only come to some line of it. */
export class Plan {
  /** Elements are 1 for faults that ended in a signal. */
  readonly signalled: Uint8Array;
  readonly #births = new Map<number, TracedCall[]>();
  readonly #programs = new Map<TracedCall, MapsSnapshot>();
  readonly #heaps = new Map<number, TracedCall[]>();
  readonly #ends = new Map<number, number[]>();
  readonly #seen = new Set<number>();
  readonly #first: number;
  readonly #strays: TracedCall[];

  constructor(readonly capture: Capture) {
    const { strace, faults } = capture;
    const execs = new Map<number, TracedCall[]>();
    for (const event of strace.events) {
      this.#seen.add(event.tid);
      if (event.kind === "end") append(this.#ends, event.tid, event.line);
      if (event.kind !== "call" || event.error !== null) continue;
      if (isBirth(event.name) && event.result !== null) append(this.#births, event.result, event);
      else if (event.name === "brk") append(this.#heaps, event.tid, event);
      else if (isExec(event.name) && event.result === 0) {
        append(this.#heaps, event.tid, event);
        append(execs, event.tid, event);
      }
    }
    for (const tid of faults.tids) this.#seen.add(tid);
    for (const calls of this.#births.values()) calls.sort((a, b) => a.start - b.start);
    this.#strays = [...this.#births]
      .flatMap(([tid, calls]) => (this.#seen.has(tid) ? [] : calls))
      .sort((a, b) => a.start - b.start);
    this.#first = this.#firstThread();
    this.#matchPrograms(execs);
    this.signalled = markSignalled(faults, strace, (tid) => this.tid(tid));
  }

  /** The thread that a line means: one that carries no id means the first thread. */
  tid(tid: number): number {
    return tid === NO_TID ? this.#first : tid;
  }

  /** The call that made a thread which is first seen at `time`, or null for one that nothing made. */
  birth(tid: number, time: number, used: ReadonlySet<TracedCall>): TracedCall | null {
    const call = lastBefore(this.#births.get(tid) ?? [], time);
    return call && !used.has(call) ? call : null;
  }

  /** Whether anything in the capture comes from this thread. */
  appears(tid: number): boolean {
    return this.#seen.has(tid);
  }

  /** The last call before `time` that made a thread which never appears: an id of another namespace, perhaps. */
  strayBirth(time: number, used: ReadonlySet<TracedCall>): TracedCall | null {
    const call = lastBefore(this.#strays, time);
    return call && !used.has(call) ? call : null;
  }

  /** The snapshot that was taken of the program an execve started. */
  program(call: TracedCall): MapsSnapshot | null {
    return this.#programs.get(call) ?? null;
  }

  /** The first brk of a thread behind a line and before its next exec. */
  nextBreak(tid: number, line: number): TracedCall | null {
    const calls = this.#heaps.get(tid) ?? this.#heaps.get(tid === this.#first ? NO_TID : tid);
    const next = calls && calls[partition(calls, (call) => call.line <= line)];
    return next?.name === "brk" ? next : null;
  }

  /** Whether a line behind this one says that the thread ended. */
  endsLater(tid: number, line: number): boolean {
    const lines = this.#ends.get(tid) ?? this.#ends.get(tid === this.#first ? NO_TID : tid);
    return lines !== undefined && (lines.at(-1) ?? 0) > line;
  }

  #firstThread(): number {
    const { strace, faults, snapshots } = this.capture;
    const isFirst = (tid: number) => tid !== NO_TID && !this.#births.has(tid);
    const first = strace.events.find(({ tid }) => isFirst(tid))?.tid ?? faults.tids.find(isFirst);
    return snapshots[0]?.pid ?? first ?? 1;
  }

  /** A snapshot belongs to the last exec of its process before it, if no later one claims it. */
  #matchPrograms(execs: Map<number, TracedCall[]>): void {
    const ofFirst = [...(execs.get(this.#first) ?? []), ...(execs.get(NO_TID) ?? [])];
    for (const snapshot of this.capture.snapshots) {
      if (snapshot.kind !== "exec") continue;
      const calls = snapshot.pid === this.#first ? ofFirst : (execs.get(snapshot.pid) ?? []);
      const call = lastBefore(calls, snapshot.time);
      if (call && !this.#programs.has(call)) this.#programs.set(call, snapshot);
    }
  }
}

/** Whether a call makes a thread or a process. */
export function isBirth(name: string): boolean {
  return name === "clone" || name === "clone3" || name === "fork" || name === "vfork";
}

export function isExec(name: string): boolean {
  return name === "execve" || name === "execveat";
}

/** The fault before a SIGSEGV or SIGBUS, of the same thread and page, is the one it answers. */
function markSignalled(faults: Faults, strace: Strace, tidOf: (tid: number) => number): Uint8Array {
  const marks = new Uint8Array(faults.count);
  const latest = new Map<number, number>();
  let next = 0;
  for (const signal of strace.signals) {
    for (; next < faults.count && (faults.times[next] ?? 0) <= signal.time; next++) {
      latest.set(tidOf(faults.tids[next] ?? 0), next);
    }
    const fault = latest.get(tidOf(signal.tid));
    if (fault !== undefined && faults.pages[fault] === signal.page) marks[fault] = 1;
  }
  return marks;
}

/** The last call that was entered at or before `time`, of a list in that order. */
function lastBefore(calls: readonly TracedCall[], time: number): TracedCall | null {
  return calls[partition(calls, ({ start }) => start <= time) - 1] ?? null;
}

/** How many calls at the head of a list in order `holds` is true for. */
function partition(calls: readonly TracedCall[], holds: (call: TracedCall) => boolean): number {
  let low = 0;
  let high = calls.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const call = calls[middle];
    if (call && holds(call)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function append<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
