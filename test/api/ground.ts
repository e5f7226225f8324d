// The ground on which API tests stand: pages of an empty range of addresses, and short words for what
// is on it. Nothing here needs Node, as these tests run in browsers too.

import { expect } from "vitest";
import {
  KernelError,
  type Kernel,
  type MmapOptions,
  type Page,
  type Process,
} from "../../bindings/index.js";

export const PAGE = 4096;
/** Page 0 of the ground, where nothing is placed by itself. */
const BASE = 0x200000000000;

/** Address of a page of the ground. */
export function at(page: number): number {
  return BASE + page * PAGE;
}

/** Maps pages [first, first + n) exactly there. */
export function lay(
  process: Process,
  first: number,
  n: number,
  options: Omit<MmapOptions, "length" | "address" | "fixed"> = {},
): void {
  process.mmap({ ...options, address: at(first), length: n * PAGE, fixed: true });
}

/** VMAs of the ground as "first-end perms", in pages. */
export function layout(process: Process): string[] {
  return process
    .vmas()
    .map(({ start, end, perms }) => `${(start - BASE) / PAGE}-${(end - BASE) / PAGE} ${perms}`);
}

/** Number of the anon_vma of the VMA over a page, 0 if it has none. */
export function anonVmaAt(process: Process, page: number): number {
  return process.vmas().find(({ start, end }) => start <= at(page) && at(page) < end)?.anonVma ?? 0;
}

/** The page that is present there. */
export function pageAt(process: Process, page: number): Page {
  const found = process.pageAt(at(page));
  if (!found) throw new Error(`nothing is present at page ${page} of process ${process.name}`);
  return found;
}

/** Where a page is mapped, as "pid:page", in the order of the reverse map's walk. */
export function places(page: Page): string[] {
  return page.mappings().map(({ process, address }) => `${process.pid}:${(address - BASE) / PAGE}`);
}

/** Code of the KernelError that an action throws; "" if it throws nothing. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
  return "";
}

/** What a program could tell of the machine: processes, VMAs, entries, pages, reverse maps. */
export function stateOf(kernel: Kernel) {
  return kernel.processes.map((process) => ({
    pid: process.pid,
    brk: process.brk(),
    rss: process.rss,
    vmas: process
      .vmas()
      .map(({ start, end, pgoff, flags, anonVma }) => ({ start, end, pgoff, flags, anonVma })),
    pages: process.pages().map(({ address, frame }) => {
      if (frame < 0) return { address, frame };
      const { mapcount, refcount, flags, word } = kernel.page(frame);
      return { address, frame, mapcount, refcount, flags, word };
    }),
  }));
}

/** stateOf without the cuts between VMAs that differ in nothing: what a failed call may leave behind. */
export function stateWithoutCuts(kernel: Kernel) {
  return stateOf(kernel).map((process) => {
    const joined: typeof process.vmas = [];
    for (const vma of process.vmas) {
      const last = joined.at(-1);
      const continues =
        last?.end === vma.start &&
        last.flags === vma.flags &&
        last.anonVma === vma.anonVma &&
        last.pgoff + (last.end - last.start) / PAGE === vma.pgoff;
      if (last && continues) last.end = vma.end;
      else joined.push({ ...vma });
    }
    return { ...process, vmas: joined };
  });
}

/** No invariant is broken. */
export function expectHealthy(kernel: Kernel): void {
  expect(kernel.verify()).toEqual([]);
}
