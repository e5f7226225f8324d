// Single values as strace prints them. Each function gives null when the text is no such value.

import { endOfAnnotation } from "./strace-arguments.js";

/** A number: decimal, hexadecimal, octal, NULL, or a shift of two. Beyond 2^53 it is rounded. */
export function parseNumber(text: string): number | null {
  if (text === "NULL") return 0;
  if (/^-?(0x[0-9a-f]{1,16}|[1-9]\d{0,19}|0)$/i.test(text)) {
    return text.startsWith("-") ? -Number(text.slice(1)) : Number(text);
  }
  if (/^0[0-7]{1,22}$/.test(text)) return parseInt(text, 8);
  return null;
}

/** Flag names joined with |, and numbers among them, or'ed together with the values of `table`. */
export function parseFlags(text: string, table: Readonly<Record<string, number>>): FlagSet | null {
  if (text === "") return null;
  let bits = 0;
  const unknown: string[] = [];
  for (const word of text.split("|")) {
    const value = flagValue(word.trim(), table);
    if (value === null) unknown.push(word.trim());
    else bits = Number(BigInt(bits) | BigInt(value));
  }
  return { bits, unknown };
}

/** Flags of one argument: the bits that are known, and the names that are not. */
export interface FlagSet {
  bits: number;
  unknown: string[];
}

/** Whether all bits of `flag` are set; flags may lie above bit 31. */
export function hasFlag(set: FlagSet, flag: number): boolean {
  if (set.bits <= 0x7fffffff && flag <= 0x7fffffff) return (set.bits & flag) === flag;
  return (BigInt(set.bits) & BigInt(flag)) === BigInt(flag);
}

function flagValue(word: string, table: Readonly<Record<string, number>>): number | null {
  const known = Object.hasOwn(table, word) ? table[word] : undefined;
  if (known !== undefined) return known;
  const shift = /^(\d{1,3})<<(\w+)$/.exec(word);
  if (shift) {
    const by = parseNumber(shift[2] ?? "") ?? table[shift[2] ?? ""];
    return by === undefined || by > 52 ? null : Number(shift[1]) * 2 ** by;
  }
  const number = parseNumber(word);
  return number !== null && number >= 0 && Number.isSafeInteger(number) ? number : null;
}

/** A descriptor and what it refers to, where strace was asked to print it (-y). */
export interface Descriptor {
  /** The number; -100 for the working directory. */
  number: number;
  /** A path, or what the kernel calls an object without one (`pipe:[123]`); null when not printed. */
  path: string | null;
}

export const AT_FDCWD = -100;

/** `3`, `3</path>`, `3</path>(deleted)`, `AT_FDCWD</path>`. */
export function parseDescriptor(text: string): Descriptor | null {
  const head = /^(?:(-?\d{1,10})|AT_FDCWD)/.exec(text);
  if (!head) return null;
  const number = head[1] === undefined ? AT_FDCWD : Number(head[1]);
  const rest = text.slice(head[0].length);
  if (rest === "") return { number, path: null };
  if (!rest.startsWith("<")) return null;
  const end = endOfAnnotation(rest, 0);
  const tail = rest.slice(end + 1).trim();
  if (end >= rest.length || (tail !== "" && tail !== "(deleted)")) return null;
  return { number, path: unescapeText(rest.slice(1, end)) };
}

/** A string in quotes, its escapes undone to one character a byte. A cut string ("..."...) is none. */
export function parseString(text: string): string | null {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return null;
  return unescapeText(text.slice(1, -1));
}

/** The fields of a structure, `{a=1, b={...}}`, from its arguments split at the top level. */
export function parseFields(parts: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const part of parts) {
    const match = /^(\w+)=(.*)$/s.exec(part);
    if (match) fields.set(match[1] ?? "", match[2] ?? "");
  }
  return fields;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  v: "\v",
  f: "\f",
  a: "\x07",
  b: "\b",
};

function unescapeText(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\(x[0-9a-f]{1,2}|[0-7]{1,3}|.)/gis, (_, code: string) => {
    if (/^x[0-9a-f]/i.test(code)) return String.fromCharCode(parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(parseInt(code, 8) & 0xff);
    return ESCAPES[code] ?? code;
  });
}
