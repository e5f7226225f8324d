import fc from "fast-check";
import type { Operation } from "./operation.js";

/** What fast-check draws and shrinks: the kind of operation, and numbers that its values are made from. */
export interface Choice {
  readonly kind: Operation["op"];
  readonly numbers: readonly number[];
}

/** How often each operation comes, out of the sum. */
const WEIGHTS: Readonly<Record<Operation["op"], number>> = {
  write: 80,
  read: 20,
  execute: 2,
  mmap: 14,
  munmap: 8,
  mprotect: 24,
  mremap: 20,
  remap: 14,
  madvise: 24,
  brk: 4,
  fork: 8,
  exit: 4,
  exec: 2,
  spawn: 1,
  file: 2,
  cgroup: 6,
  limit: 10,
  move: 8,
  hierarchy: 3,
  recount: 1,
  empty: 1,
  rmdir: 1,
  open: 2,
  close: 1,
  truncate: 2,
  mlock: 5,
  munlock: 6,
  mlockall: 1,
  "file-read": 3,
  "file-write": 4,
  writeback: 3,
  punch: 2,
  invalidate: 3,
  ksm: 8,
  "ksm-scan": 8,
  "ksm-unmerge": 1,
  reclaim: 4,
  io: 2,
  swapon: 6,
  swapoff: 1,
  snapshot: 6,
  restore: 2,
  "swap-out": 8,
  migrate: 6,
  shrink: 4,
  "page-referenced": 8,
  "try-to-unmap": 10,
  "try-to-munlock": 2,
  "page-mkclean": 4,
  "page-in-vma": 4,
  pin: 2,
  unpin: 4,
  isolate: 1,
  putback: 2,
  "release-buffers": 1,
  "test-clear-referenced": 2,
  "test-clear-changed": 2,
  "take-referenced": 1,
  poison: 1,
  device: 3,
  "device-read": 12,
  "device-write": 12,
  "device-detach": 1,
  "memory-failure": 2,
  collapse: 2,
  khugepaged: 1,
  split: 2,
  hold: 6,
  "let-go": 10,
};

/** How much oftener, or less often, where huge pages are wanted. */
const TIMES_WITH_HUGE: Partial<Record<Operation["op"], number>> = {
  mmap: 2,
  madvise: 2,
  remap: 0.1,
  mprotect: 0.3,
  mlock: 0.5,
  munlock: 0.5,
  mlockall: 0.5,
  exec: 0.5,
  brk: 0.25,
  file: 0.5,
  ksm: 0.5,
  "ksm-scan": 0.5,
  mremap: 2,
  limit: 0.5,
  hierarchy: 0.3,
  fork: 1.5,
  collapse: 15,
  khugepaged: 4,
  split: 4,
};

const NUMBERS = 12;

/**
 * Draws of a sequence of operations; everything shrinks to fewer and simpler ones.
 *
 * @param huge for an arena with room for huge pages
 */
export function choices(maxLength: number, huge = false): fc.Arbitrary<Choice[]> {
  const times: Readonly<Record<string, number | undefined>> = huge ? TIMES_WITH_HUGE : {};
  const kind = fc.oneof(
    ...Object.entries(WEIGHTS).map(([op, weight]) => ({
      weight: Math.ceil(weight * (times[op] ?? 1)),
      arbitrary: fc.constant(op as Operation["op"]),
    })),
  );
  const numbers = fc.noShrink(
    fc.array(fc.noBias(fc.nat(0xffff)), { minLength: NUMBERS, maxLength: NUMBERS }),
  );
  return fc.array(fc.record({ kind, numbers }), { maxLength, size: "max" });
}
