// A system call of a capture, whole.

import { LineError } from "../scenario/line-error.js";
import { splitArguments } from "./strace-arguments.js";
import { parseDescriptor, parseFlags, parseNumber, parseString } from "./strace-value.js";
import type { Descriptor, FlagSet } from "./strace-value.js";

const USER_END = 0x7ffffffff000;

/** A call and its result. Arguments are read on demand; one that is malformed names file and line. */
export class TracedCall {
  readonly kind = "call";
  #parts: string[] | null = null;

  constructor(
    /** The capture's name, for messages. */
    readonly file: string,
    /** The line on which the call ended, from 1. */
    readonly line: number,
    readonly tid: number,
    /** When the call was entered, in ns on the capture's clock. */
    readonly start: number,
    /** When it takes effect: its entry if nothing came between, else when it was resumed. */
    readonly time: number,
    readonly name: string,
    readonly args: string,
    /** The value it returned; null when it never returned or strace printed `?`. */
    readonly result: number | null,
    /** The errno's name when it failed. */
    readonly error: string | null,
    /** What strace printed behind the value: a descriptor's path, explanations, the duration. */
    readonly note: string,
  ) {}

  get parts(): readonly string[] {
    return (this.#parts ??= splitArguments(this.args));
  }

  /** How many arguments strace printed. */
  get arity(): number {
    return this.parts.length;
  }

  /** Argument `index` as it was printed, or an empty text. */
  text(index: number): string {
    return this.parts[index] ?? "";
  }

  /** A number; what no f64 holds exactly (LLONG_MAX, say) is as good as 2^53-1. */
  number(index: number): number {
    const value = parseNumber(this.text(index));
    if (value === null) throw this.malformed(index, "a number is expected");
    return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
  }

  /** Is it an address or a length that a program can have? */
  isInUserSpace(index: number): boolean {
    const value = parseNumber(this.text(index)) ?? 0;
    return value >= 0 && value <= USER_END;
  }

  /** Did it return an address above 2^47, as with five levels of page tables? */
  get returnedHigh(): boolean {
    return this.result !== null && this.result >= USER_END;
  }

  /** An address or a length in user space, in bytes. */
  address(index: number): number {
    const value = this.number(index);
    if (value < 0 || value > USER_END)
      throw this.malformed(index, "at most 0x7ffffffff000 is expected");
    return value;
  }

  /** The result as a page-aligned address. */
  resultAddress(): number {
    const value = this.result ?? -1;
    if (value >= 0 && value < USER_END && value % 4096 === 0) return value;
    throw new LineError(
      this.file,
      this.line,
      `${this.name} returned ${value < 0 ? "nothing" : `0x${value.toString(16)}`}`,
      "an address in user space, a multiple of 0x1000, is expected",
    );
  }

  flags(index: number, table: Readonly<Record<string, number>>): FlagSet {
    const set = parseFlags(this.text(index), table);
    if (set === null) throw this.malformed(index, "flags are expected");
    return set;
  }

  descriptor(index: number): Descriptor {
    const value = parseDescriptor(this.text(index));
    if (value === null) throw this.malformed(index, "a descriptor is expected");
    return value;
  }

  /** A string argument, or null when it is not one or strace cut it short. */
  string(index: number): string | null {
    return parseString(this.text(index));
  }

  /** The descriptor that the call returned. */
  returnedDescriptor(): Descriptor | null {
    if (this.result === null || this.result < 0) return null;
    const duration = /<\d+\.\d+>$/.exec(this.note);
    const path = duration ? this.note.slice(0, duration.index).trimEnd() : this.note;
    return parseDescriptor(`${this.result}${path}`) ?? { number: this.result, path: null };
  }

  /** Argument `index` is not what the call takes. */
  malformed(index: number, accepted: string): LineError {
    const what = index < this.arity ? `is "${shorten(this.text(index))}"` : "is missing";
    return new LineError(
      this.file,
      this.line,
      `argument ${index + 1} of ${this.name} ${what}`,
      accepted,
    );
  }
}

/** The value, the error and the rest of what stands behind `=`; null when strace writes no such result. */
export function parseResult(
  text: string,
): { result: number | null; error: string | null; note: string } | null {
  const match = /^(\?|-?(?:0x[0-9a-f]+|\d+))(.*)$/is.exec(text);
  if (!match) return null;
  const rest = match[2] ?? "";
  const note = rest.trim();
  if (match[1] === "?") return { result: null, error: null, note };
  const result = parseNumber(match[1] ?? "");
  if (result === null) return null;
  const error = /^\s+(E[A-Z0-9]+)\b/.exec(rest)?.[1] ?? null;
  return { result, error: result === -1 ? error : null, note };
}

function shorten(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
