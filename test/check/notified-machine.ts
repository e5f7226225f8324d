import type { Process } from "../../bindings/index.js";

const PAGE = 4096;
const BASE = 0x200000000000;

/** Address of a page. */
export function at(page: number): number {
  return BASE + page * PAGE;
}

/** A process writes four pages. */
export function fill(process: Process): void {
  process.mmap({ address: at(0), length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) process.write(at(i), 100 + i);
}
