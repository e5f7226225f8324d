// What calls of the API take, and what they say to everything else. TypeScript refuses most of it before;
// callers without it learn here what was wrong. What is fine costs a comparison, and no allocation.

import { KernelError } from "../core/kernel-error.js";

/** The largest integer that is exact: no number of the API goes beyond it. */
export const LARGEST = Number.MAX_SAFE_INTEGER;
/** Page offsets and file sizes reach so far. */
export const PGOFF_END = 2 ** 52;
/** Counts of pages that the core keeps in 31 bits. */
export const MAX_COUNT = 2 ** 31 - 1;

/** Characters of a string that messages show. */
const SHOWN = 40;

/** A value as messages show it. */
function shown(value: unknown): string {
  if (typeof value === "string") {
    return value.length > SHOWN ? `"${value.slice(0, SHOWN)}..."` : `"${value}"`;
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}

function limit(n: number): string {
  if (n === LARGEST) return "2^53-1";
  return n === PGOFF_END ? "2^52" : String(n);
}

/** The error of a call that was given something else than it accepts. */
export function refused(
  call: string,
  name: string,
  value: unknown,
  accepted: string,
  display = shown(value),
): KernelError {
  return new KernelError("EINVAL", call, `${name} is ${display}, accepted: ${accepted}`);
}

/** An integer in a range. @throws KernelError EINVAL */
export function integer(
  call: string,
  name: string,
  value: number,
  least = 0,
  most = LARGEST,
): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw refused(call, name, value, `integers from ${limit(least)} to ${limit(most)}`);
}

/** Any number: the core says which it accepts, so that a batch has that among its results. @throws KernelError EINVAL */
export function numeric(call: string, name: string, value: number): number {
  if (typeof value === "number") return value;
  throw refused(call, name, value, `integers from 0 to ${limit(LARGEST)}`);
}

/** true or false, and nothing that only counts as one of them. @throws KernelError EINVAL */
export function flag(call: string, name: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw refused(call, name, value, "true, false");
}

/** A string. @throws KernelError EINVAL */
export function text(call: string, name: string, value: string): string {
  if (typeof value === "string") return value;
  throw refused(call, name, value, "strings");
}

/** One of some words. @throws KernelError EINVAL */
export function word<W extends string>(
  call: string,
  name: string,
  value: W,
  accepted: readonly W[],
): W {
  if (accepted.includes(value)) return value;
  throw refused(call, name, value, accepted.join(", "));
}

/** What an option is checked for before the call looks at it: `any` leaves that to the call. */
type OptionType = "number" | "flag" | "text" | "any";

/** All options of a call. */
export type OptionTypes<O> = Readonly<Record<keyof O, OptionType>>;

/**
 * Options of a call: none that it does not know, and none of another type.
 * @param within the option whose value they are, if they are not the call's own
 * @throws KernelError EINVAL
 */
export function checkOptions<O extends object>(
  call: string,
  options: O,
  types: OptionTypes<O>,
  within = "",
): void {
  const accepted = Object.keys(types).join(", ");
  if (typeof options !== "object" || options === null) {
    throw refused(call, within || "options", options, `an object with ${accepted}`);
  }
  for (const key in options) {
    const name = within ? `${within}.${key}` : key;
    if (!Object.hasOwn(types, key)) {
      throw new KernelError("EINVAL", call, `option "${name}" is unknown, accepted: ${accepted}`);
    }
    const value: unknown = options[key];
    if (value === undefined) continue;
    const type = types[key];
    if (type === "flag") flag(call, name, value as boolean);
    else if (type === "number") numeric(call, name, value as number);
    else if (type === "text") text(call, name, value as string);
  }
}
