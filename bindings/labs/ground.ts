// Where labs that are no scripts lay their memory: pages by number, as scripts have them.

import { HUGE_PAGES, PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Process } from "../kernel/process.js";
import { addressOf, bytesOf } from "../scenario/arena.js";

export const PAGE = PAGE_SIZE;
/** Pages of a huge page. */
export const HUGE = HUGE_PAGES;
export const at = addressOf;

/** Maps private anonymous memory, pages [first, first + n), and writes to each page. */
export function lay(process: Process, first: number, n: number): void {
  process.mmap({ address: at(first), length: bytesOf(n), fixed: true });
  for (let page = first; page < first + n; page++) process.write(at(page), page + 1);
}

/** mremap of n pages to exactly there. */
export function move(process: Process, from: number, n: number, to: number): void {
  process.mremap(at(from), bytesOf(n), bytesOf(n), { to: at(to) });
}
