// What failures of several calls have in common: the words for it. Each family of calls has a file of its own,
// NAME-refusal.ts.

import { HUGE_SIZE, PAGE_SIZE, TASK_SIZE_PAGES } from "../../assembly/abi/unit.js";
import { LARGEST } from "./argument.js";
import { whyFull } from "./cgroup-refusal.js";
import { hex, type Context } from "./context.js";
import type { Process } from "./process.js";
import { readVmStat } from "./vm-statistics.js";
import type { Vma } from "./vma.js";

/** Where addresses end. */
export const TASK_SIZE = TASK_SIZE_PAGES * PAGE_SIZE;

/** VMAs that are looked at to find a hole. */
export const SEARCHED = 1000;

export function pagesOf(length: number): number {
  return Math.ceil(length / PAGE_SIZE);
}

/** The first of the numbers that is no integer that the core takes. */
export function outOfRange(numbers: Readonly<Record<string, number | undefined>>): string {
  for (const [name, n] of Object.entries(numbers)) {
    if (n !== undefined && !(Number.isSafeInteger(n) && n >= 0 && n <= LARGEST)) {
      return `${name} is ${n}, accepted: integers from 0 to 2^53-1`;
    }
  }
  return "";
}

export function unaligned(name: string, address: number): string {
  const accepted = `multiples of ${PAGE_SIZE}`;
  return address % PAGE_SIZE ? `${name} is ${hex(address)}, accepted: ${accepted}` : "";
}

export function empty(name: string, length: number): string {
  return length === 0 ? `${name} is 0, accepted: at least 1` : "";
}

export const BEYOND = `it reaches beyond ${hex(TASK_SIZE)}, where addresses end`;

export const NO_MEMORY = "memory is exhausted";
export const NO_ROOM = "no hole is large enough, or memory is exhausted";

/** Out of frames, or of memory for the machine's own records. */
export function exhausted({ machine }: Context): string {
  return readVmStat(machine.core).nr_free_pages === 0 ? "no frame is free" : NO_MEMORY;
}

/** The same of what a process needs: also more than its cgroup may have. */
export function exhaustedIn(context: Context, process: Process): string {
  const free = readVmStat(context.machine.core).nr_free_pages > 0;
  return (free && whyFull(process.memoryCgroup)) || exhausted(context);
}

/** EBUSY: what the process does waits for the fault in which it, or a thread beside it, is held. */
export function whyHeld(process: Process): string {
  return process.held
    ? "it is held inside a fault, until letGo()"
    : "a process that shares its address space is held inside a fault, until letGo()";
}

export function vmaInWords({ start }: Vma): string {
  return `the VMA at ${hex(start)}`;
}

/** An end of a range that lies inside a huge page of the pool; empty if none does. */
export function cutsHugePage(process: Process, address: number, length: number): string {
  const end = address + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
  const cut = [address, end].find((at) => at % HUGE_SIZE !== 0 && process.vmaAt(at)?.hugetlb);
  return cut === undefined ? "" : `${hex(cut)} is inside a huge page, which can't be cut`;
}

/** More VMAs than a process may have; empty if that is not so. */
export function tooManyVmas({ options }: Context, process: Process, more = 0): string {
  const most = options.maxMapCount;
  if (process.vmaCount + more < most) return "";
  return `a process has at most ${most} VMAs (maxMapCount), and this one has ${process.vmaCount}`;
}

/** Says where a range is not mapped; empty if no hole is to be found soon. */
export function hole(process: Process, address: number, length: number): string {
  const end = address + length;
  let at = address - (address % PAGE_SIZE);
  for (let i = 0; i < SEARCHED && at < end; i++) {
    const vma = process.vmaAt(at);
    if (!vma) return `nothing is mapped at ${hex(at)}`;
    at = vma.end;
  }
  return "";
}
