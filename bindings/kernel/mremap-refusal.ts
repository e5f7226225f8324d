// Why mremap and remap_file_pages failed.

import { Errno } from "../../assembly/abi/result.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { hex, type Context } from "./context.js";
import { overMemlock } from "./mlock-refusal.js";
import type { MremapOptions } from "./operation.js";
import type { Arch } from "./options.js";
import type { Process } from "./process.js";
import {
  BEYOND,
  empty,
  NO_MEMORY,
  NO_ROOM,
  outOfRange,
  pagesOf,
  TASK_SIZE,
  tooManyVmas,
  unaligned,
} from "./reason.js";

/** More VMAs that mremap asks for room for before it begins. */
const SPARE_VMAS = 3;

export function whyMremap(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  oldLength: number,
  newLength: number,
  { to, mayMove = true }: MremapOptions,
): string {
  switch (errno) {
    case Errno.EINVAL:
      return (
        outOfRange({ address, oldLength, newLength, to }) ||
        unaligned("address", address) ||
        empty("newLength", newLength) ||
        (process.vmaAt(address)?.hugetlb ? "huge pages of the pool neither grow nor move" : "") ||
        (to === undefined
          ? BEYOND
          : unaligned("to", to) ||
            (to + newLength > TASK_SIZE ? BEYOND : "the old and the new range overlap"))
      );
    case Errno.EFAULT:
      return process.vmaAt(address)
        ? "the old range is more than the VMA there"
        : `nothing is mapped at ${hex(address)}`;
    case Errno.EAGAIN:
      return overMemlock(context, process.lockedPages, pagesOf(newLength) - pagesOf(oldLength));
    default:
      if (!mayMove && to === undefined) return "it can't grow where it is, and mayMove is false";
      return tooManyVmas(context, process, SPARE_VMAS) || (to === undefined ? NO_ROOM : NO_MEMORY);
  }
}

/** Why remap_file_pages refuses a mapping of huge pages of the pool. */
export const HUGETLB_IS_LINEAR = "huge pages of the pool always show their file in order";

/** Power of 2 at which the page offsets end that an entry of a nonlinear mapping can keep. */
export function fileOffsetBits({ arch }: { readonly arch: Arch }): number {
  return arch === "s390x" ? 52 : 46;
}

export function whyRemap(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
  pgoff: number,
): string {
  if (errno === Errno.ENOMEM) return tooManyVmas(context, process) || NO_MEMORY;
  const start = address - (address % PAGE_SIZE);
  const pages = Math.floor(length / PAGE_SIZE);
  const outside = outOfRange({ address, length, pgoff });
  if (outside) return outside;
  if (!pages) return `length is ${length}, accepted: at least ${PAGE_SIZE}`;
  const bits = fileOffsetBits(context.options);
  if (pgoff + pages >= 2 ** bits) {
    return `pgoff is ${pgoff}, accepted: below 2^${bits} together with the length`;
  }
  const vma = start < TASK_SIZE ? process.vmaAt(start) : null;
  if (!vma) return `nothing is mapped at ${hex(start)}`;
  if (!vma.shared) return `the VMA at ${hex(vma.start)} is ${vma.perms}, accepted: shared ones`;
  return vma.hugetlb ? HUGETLB_IS_LINEAR : "the range is more than the VMA there";
}
