import type { File } from "../kernel/file.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { PAGE } from "./ground.js";

/** Where mappings of files begin in the labs. */
const BASE = 0x10000000;

/** Pages [first, first + pages) of a file, mapped. */
export interface Range {
  readonly first: number;
  readonly pages: number;
}

/** 0 to n - 1 in an order that is the same every time. */
export function mixed(n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  let state = 1;
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

/** Maps ranges of a file one after another, none beside another. */
export function mapRanges(
  kernel: Kernel,
  process: Process,
  file: File,
  ranges: readonly Range[],
): number[] {
  const batch = kernel.batch();
  const starts: number[] = [];
  let address = BASE;
  for (const { first, pages } of ranges) {
    if (batch.length === batch.capacity) {
      batch.run();
      batch.clear();
    }
    const length = pages * PAGE;
    batch.mmap(process, {
      address,
      fixed: true,
      length,
      prot: "r",
      shared: true,
      file,
      pgoff: first,
    });
    starts.push(address);
    address += length + PAGE;
  }
  batch.run();
  return starts;
}

/** What walks for one page each cost together. */
export interface Cost {
  readonly found: number;
  readonly visited: number;
  readonly touched: number;
}

/** Reads at each address, and walks for the page there. */
export function costAt(kernel: Kernel, process: Process, addresses: readonly number[]): Cost {
  kernel.resetCounters();
  let found = 0;
  for (const address of addresses) {
    process.read(address);
    const page = process.pageAt(address);
    if (page !== null) found += kernel.stab(page);
  }
  const { nodesVisited, nodesTouched } = kernel.counters;
  return { found, visited: nodesVisited, touched: nodesTouched };
}
