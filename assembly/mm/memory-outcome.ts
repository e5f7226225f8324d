// What memory_failure came to, as one number.

import { FAILED_PAGE_UNIT, FailedPage, MemoryFailure } from "../abi/result";

/** What it came to and what kind of page it was, and in the upper half how many tasks are sent a signal. */
export function outcome(result: MemoryFailure, page: FailedPage, sent: u32): u64 {
  return ((<u64>sent) << 32) | (<u64>(<u32>result + <u32>page * <u32>FAILED_PAGE_UNIT));
}
