// An strace capture as events in the order of the file: calls joined, signals, ends of threads.

import { LineError, quoted } from "../scenario/line-error.js";
import { forEachLine } from "./capture-text.js";
import type { CaptureText } from "./capture-text.js";
import type { Clock } from "./clock.js";
import { parseStraceLine, splitCall, STRACE_LINE_FORM } from "./strace-line.js";
import type { StraceLine } from "./strace-line.js";
import { parseResult, TracedCall } from "./traced-call.js";

/** What happens to a thread, besides its page faults. */
export type StraceEvent =
  | TracedCall
  /** An execve that other lines interrupt: page faults until it ends may belong to the new program. */
  | ThreadEvent<"exec-begun">
  | ThreadEvent<"end">
  /** Another thread of the process executed a program and goes on under this thread's id. */
  | (ThreadEvent<"superseded"> & { by: number });

interface ThreadEvent<Kind extends string> {
  kind: Kind;
  line: number;
  tid: number;
  time: number;
}

/** A fault that had no right answer: the signal that says so. */
export interface FaultSignal {
  tid: number;
  time: number;
  /** The page that was touched, as an address. */
  page: number;
}

/** The whole capture. */
export interface Strace {
  name: string;
  /** In the order of the file; times never go back. */
  events: StraceEvent[];
  signals: FaultSignal[];
  /** Calls that are not known, by name, with how often they succeeded. */
  unknown: Map<string, number>;
  /** Number of the last line when it was cut and therefore passed over, else 0. */
  cutLine: number;
}

/** Says what to do with a call of this name. */
export type CallKind = (name: string) => "replayed" | "harmless" | "unknown";

/** Thread id of lines that carry none, until it is known which one they mean. */
export const NO_TID = -1;

/**
 * Reads an strace capture.
 * @throws {LineError} naming the line that is not one of strace's
 */
export function parseStrace(capture: CaptureText, clock: Clock, kindOf: CallKind): Strace {
  const reader = new StraceReader(capture.name, clock, kindOf);
  forEachLine(capture, (line, number, cut) => reader.read(line, number, cut));
  if (reader.lines === 0) throw new LineError(capture.name, 0, "no lines", STRACE_LINE_FORM);
  return reader.strace;
}

class StraceReader {
  readonly strace: Strace;
  lines = 0;
  readonly #pending = new Map<number, { name: string; args: string; start: number }>();
  #latest = -Infinity;
  #timed = false;

  constructor(
    private readonly name: string,
    private readonly clock: Clock,
    private readonly kindOf: CallKind,
  ) {
    this.strace = { name, events: [], signals: [], unknown: new Map(), cutLine: 0 };
  }

  read(line: string, number: number, cut: boolean): void {
    this.lines++;
    const timed = /<\d+\.\d+>$/.test(line);
    const parsed = parseStraceLine(line, this.clock);
    if (cut && (parsed === null || (parsed.kind === "call" && this.#timed && !timed))) {
      this.strace.cutLine = number;
      return;
    }
    if (parsed === null) {
      throw new LineError(
        this.name,
        number,
        `${quoted(line)} is no line of strace`,
        STRACE_LINE_FORM,
      );
    }
    this.#timed ||= timed;
    if (parsed.kind !== "note") this.#accept(parsed, number);
  }

  #accept(parsed: StraceLine, line: number): void {
    const tid = parsed.tid ?? NO_TID;
    this.#latest = Math.max(this.#latest, parsed.time);
    const time = this.#latest;
    switch (parsed.kind) {
      case "call":
        this.#call(line, tid, time, time, parsed.name, parsed.args, parsed.result);
        break;
      case "begun":
        this.#begin(line, tid, time, parsed.name, parsed.args);
        break;
      case "resumed":
        this.#resume(line, tid, time, parsed.name, parsed.rest);
        break;
      case "signal":
        this.#signal(tid, time, parsed.signal, parsed.info);
        break;
      case "end":
        this.#pending.delete(tid);
        this.strace.events.push({ kind: "end", line, tid, time });
        break;
      case "superseded":
        this.#supersede(line, tid, time, parsed.by);
        break;
      case "note":
        break;
    }
  }

  #begin(line: number, tid: number, time: number, name: string, args: string): void {
    this.#pending.set(tid, { name, args, start: time });
    if (name.startsWith("execve")) this.strace.events.push({ kind: "exec-begun", line, tid, time });
    // Threads of a process that ends do not come back from exit_group, and strace may not say that they ended.
    if (name === "exit_group" || name === "exit") {
      this.#pending.delete(tid);
      this.strace.events.push(
        new TracedCall(this.name, line, tid, time, time, name, args, null, null, ""),
      );
    }
  }

  #resume(line: number, tid: number, time: number, name: string, rest: string): void {
    if (name === "exit_group" || name === "exit") return;
    const begun = this.#pending.get(tid);
    this.#pending.delete(tid);
    if (begun?.name !== name) {
      // The capture began in the middle of this call: its arguments are lost.
      if (this.kindOf(name) !== "harmless") this.#count(name);
      return;
    }
    const call = splitCall(name, begun.args + rest);
    if (!call) throw this.#unreadable(line, name);
    this.#call(line, tid, begun.start, time, name, call.args, call.result);
  }

  #call(
    line: number,
    tid: number,
    start: number,
    time: number,
    name: string,
    args: string,
    resultText: string,
  ): void {
    const kind = this.kindOf(name);
    if (kind === "harmless") return;
    const parsed = parseResult(resultText);
    if (!parsed) throw this.#unreadable(line, name);
    const { result, error, note } = parsed;
    if (kind === "unknown") {
      if (error === null) this.#count(name);
      return;
    }
    this.strace.events.push(
      new TracedCall(this.name, line, tid, start, time, name, args, result, error, note),
    );
  }

  #signal(tid: number, time: number, signal: string, info: string): void {
    if (signal !== "SIGSEGV" && signal !== "SIGBUS") return;
    const address = /\bsi_addr=(0x[0-9a-f]+|NULL)/.exec(info)?.[1];
    if (address === undefined) return;
    const bytes = address === "NULL" ? 0 : Number(address);
    this.strace.signals.push({ tid, time, page: bytes - (bytes % 4096) });
  }

  #supersede(line: number, tid: number, time: number, by: number): void {
    const pending = this.#pending.get(by);
    this.#pending.delete(by);
    if (pending) this.#pending.set(tid, pending);
    this.strace.events.push({ kind: "superseded", line, tid, time, by });
  }

  #count(name: string): void {
    this.strace.unknown.set(name, (this.strace.unknown.get(name) ?? 0) + 1);
  }

  #unreadable(line: number, name: string): LineError {
    return new LineError(
      this.name,
      line,
      `the result of ${name} cannot be read`,
      "expected ) = and a number, or ) = ?",
    );
  }
}
