// How the size that a stack may have stands in the way.

import { VmFlag } from "../../assembly/abi/flag.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { ResolvedOptions } from "./options.js";
import type { Process } from "./process.js";
import type { Vma } from "./vma.js";

/** ARG_MAX: as many pages arguments may always take, within what a stack may have. */
const ARG_MAX = 32;

/** Why arguments are too many: exec counts the page that it keeps free below them. */
export function tooManyArguments(pages: number, { stack }: ResolvedOptions): string {
  if (stack <= ARG_MAX) {
    return `${pages} pages of arguments are more than the ${stack} that a stack may have (stack)`;
  }
  const quarter = Math.floor(stack / 4);
  const most =
    quarter > ARG_MAX
      ? `${quarter}, a quarter of the ${stack} that a stack may have (stack)`
      : `${ARG_MAX}, which is what arguments may have (ARG_MAX) in a stack of ${stack} (stack)`;
  return `${pages} pages of arguments, and one that is kept free below, are more than ${most}`;
}

/**
 * Why a stack above an address has not grown to it; empty if there is none.
 *
 * @param named what messages call its VMA
 */
export function whyNotGrown(
  { stack }: ResolvedOptions,
  process: Process,
  address: number,
  named: (vma: Vma) => string,
): string {
  const above = process.vmas().find(({ start }) => start > address);
  if (!above || !(above.flags & VmFlag.GrowsDown)) return "";
  const pages = Math.ceil((above.end - address) / PAGE_SIZE);
  return pages > stack
    ? `the stack at ${named(above)} would have ${pages} pages, accepted: ${stack} (stack)`
    : `the stack at ${named(above)} can't grow so far`;
}

/** Does something that is no part of the stack end where a stack begins? */
export function isAgainst(process: Process, stack: Vma): boolean {
  const below = stack.start > 0 ? process.vmaAt(stack.start - 1) : null;
  return below !== null && !(below.flags & VmFlag.GrowsDown);
}
