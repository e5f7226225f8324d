// What the wordings of all kinds of violations have in common.

import type { Violated } from "../../../assembly/violated.js";

/** Makes the message of one kind. What its details mean is told beside the kind in assembly/violated.ts. */
export type Wording = (a: number, b: number, c: number, d: number, e: number) => string;

/** The wordings of some kinds. */
export type Wordings = Readonly<Partial<Record<Violated, Wording>>>;

export const hex = (address: number): string => `0x${address.toString(16)}`;

export const times = (n: number, one: string, many = `${one}s`): string =>
  `${n} ${n === 1 ? one : many}`;

export const space = (pid: number): string =>
  pid ? `process ${pid}` : "an address space that no process runs in";

export const place = (pid: number, address: number): string => `${hex(address)} of ${space(pid)}`;

export const vma = (pid: number, start: number): string =>
  pid || start ? `the VMA at ${place(pid, start)}` : "no VMA";

export const anonVma = (number: number): string =>
  number ? `anon_vma ${number}` : "no live anon_vma";

export const file = (inode: number): string => (inode ? `inode ${inode}` : "no file");

export const cgroup = (number: number): string => (number ? `cgroup ${number}` : "the root cgroup");
