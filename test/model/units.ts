import { fail } from "./failure.js";

export const PAGE = 4096;
/** Pages of a huge page. */
export const HUGE = 512;
/** Pages that a process can address: 2^47 bytes less one page. */
export const TASK_PAGES = 2 ** 35 - 1;

/** A page-aligned address as a page number; EINVAL otherwise. */
export function pageOfAligned(address: number): number {
  if (!Number.isSafeInteger(address) || address < 0 || address % PAGE !== 0) fail("EINVAL");
  return address / PAGE;
}

/** A length in bytes as pages, rounded up. */
export function pagesOf(length: number): number {
  if (!Number.isSafeInteger(length) || length < 0) fail("EINVAL");
  return Math.ceil(length / PAGE);
}
