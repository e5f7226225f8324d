// Why madvise failed.

import { VmFlag } from "../../assembly/abi/flag.js";
import { Errno } from "../../assembly/abi/result.js";
import type { Context } from "./context.js";
import type { Advice } from "./operation.js";
import type { Process } from "./process.js";
import {
  cutsHugePage,
  exhaustedIn,
  hole,
  outOfRange,
  tooManyVmas,
  unaligned,
  vmaInWords,
} from "./reason.js";
import type { Vma } from "./vma.js";

/** Why a VMA does not take an advice; empty if it does, or if that can't be seen any more. */
function refusal(vma: Vma, advice: Advice): string {
  switch (advice) {
    case "dontneed":
      if (vma.hugetlb) return "is of huge pages of the pool, which are not dropped";
      return vma.flags & VmFlag.Locked ? "is locked, and keeps its pages" : "";
    case "hugepage":
    case "nohugepage":
      if (vma.hugetlb) return "is of huge pages of the pool, which this advice is not for";
      return vma.shared ? "is shared, and shared memory has no huge pages" : "";
    default:
      return "";
  }
}

/**
 * The VMA of a range that did not take an advice; empty if all took it.
 *
 * @param named what messages call a VMA
 */
export function adviceRefused(
  process: Process,
  address: number,
  length: number,
  advice: Advice,
  named: (vma: Vma) => string,
): string {
  for (const vma of process.vmas()) {
    if (vma.end <= address || vma.start >= address + length) continue;
    const why = refusal(vma, advice);
    if (why) return `${named(vma)} ${why}`;
  }
  // By now those before the one that is meant are advised so as well.
  return advice === "hugepage" || advice === "nohugepage"
    ? "a VMA of the range is advised so already"
    : "";
}

export function whyMadvise(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
  advice: Advice,
): string {
  switch (errno) {
    case Errno.EINVAL:
      return (
        outOfRange({ address, length }) ||
        unaligned("address", address) ||
        adviceRefused(process, address, length, advice, vmaInWords) ||
        cutsHugePage(process, address, length)
      );
    case Errno.EBADF:
      return "only memory of files can be willneed";
    case Errno.ENOMEM:
      return `${hole(process, address, length) || "a part of it is not mapped"}, the rest is done`;
    default:
      return tooManyVmas(context, process) || exhaustedIn(context, process);
  }
}
