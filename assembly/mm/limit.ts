// What an address space may have at most: RLIMIT_MEMLOCK and RLIMIT_STACK, the same for all.

import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";

/** The limit that is none: RLIM_INFINITY. */
const NO_LIMIT: u32 = 0xffffffff;
/** More than there are addresses for. */
const ALL_PAGES: u64 = 1 << 40;

/** can_do_mlock: with a limit of nothing nobody may even ask. */
export function canDoMlock(): bool {
  return header().memlockLimit > 0;
}

/** Are these too many pages to be locked in one address space? */
export function exceedsMemlock(pages: u64): bool {
  const limit = header().memlockLimit;
  return limit != NO_LIMIT && pages > <u64>limit;
}

/** Would so many more pages be too many to lock? */
export function isOverMemlock(mm: MmStruct, pages: u64): bool {
  return exceedsMemlock(<u64>mm.lockedVm + pages);
}

/** Pages that a stack may have. */
export function stackLimit(): u64 {
  const limit = header().stackLimit;
  return limit == NO_LIMIT ? ALL_PAGES : <u64>limit;
}
