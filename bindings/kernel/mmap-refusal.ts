// Why mmap, munmap and mprotect failed.

import { Errno } from "../../assembly/abi/result.js";
import { HUGE_PAGES, HUGE_SIZE } from "../../assembly/abi/unit.js";
import { PGOFF_END } from "./argument.js";
import { hex, type Context } from "./context.js";
import { NO_MEMLOCK, overMemlock } from "./mlock-refusal.js";
import type { MmapOptions } from "./operation.js";
import type { Process } from "./process.js";
import {
  BEYOND,
  cutsHugePage,
  empty,
  hole,
  NO_MEMORY,
  NO_ROOM,
  outOfRange,
  pagesOf,
  TASK_SIZE,
  tooManyVmas,
  unaligned,
} from "./reason.js";

/** The pool could not promise what a mapping wants, or something else is missing. */
function emptyPool({ machine }: Context, length: number): string {
  const [free = 0, reserved = 0] = [12, 13].map((which) => machine.core.zoneStat(which));
  const wanted = Math.ceil(length / HUGE_SIZE);
  return `it wants ${wanted} huge pages, and the pool has ${free - reserved} that are free and not promised`;
}

/** Bytes that are no whole huge pages; empty if they are. */
function unalignedHuge(name: string, bytes: number): string {
  const accepted = `multiples of ${HUGE_SIZE}, as these are huge pages`;
  return bytes % HUGE_SIZE ? `${name} is ${hex(bytes)}, accepted: ${accepted}` : "";
}

/** Of a mapping of huge pages that was refused for its numbers. */
function whyNoHugetlb({ hugetlb, file, address = 0, length, pgoff = 0 }: MmapOptions): string {
  if (hugetlb && file) return "hugetlb is true, accepted: without a file";
  return (
    unalignedHuge("length", length) ||
    unalignedHuge("address", address) ||
    `pgoff is ${pgoff}, accepted: multiples of ${HUGE_PAGES}, as these are huge pages`
  );
}

export function whyMmap(errno: Errno, context: Context, process: Process, o: MmapOptions): string {
  const { address = 0, length, pgoff = 0 } = o;
  switch (errno) {
    case Errno.EINVAL:
      return (
        outOfRange({ address, length, pgoff }) ||
        empty("length", length) ||
        (pgoff + pagesOf(length) > PGOFF_END
          ? `pgoff is ${pgoff}, accepted: up to 2^52 together with the length`
          : "") ||
        (o.growsDown && (o.file || o.shared || o.hugetlb)
          ? "growsDown is true, accepted: for private anonymous memory"
          : "") ||
        unaligned("address", address) ||
        whyNoHugetlb(o)
      );
    case Errno.EEXIST:
      return "something is mapped there already";
    case Errno.ESTALE:
      return "the file was closed";
    case Errno.EPERM:
      return NO_MEMLOCK;
    case Errno.EAGAIN:
      return overMemlock(context, process.lockedPages, pagesOf(length));
    default:
      if (length > TASK_SIZE || (o.fixed && address + length > TASK_SIZE)) return BEYOND;
      if (o.hugetlb || o.file?.kind === "hugetlb") return emptyPool(context, o.length);
      return tooManyVmas(context, process) || (o.fixed ? NO_MEMORY : NO_ROOM);
  }
}

export function whyMunmap(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
): string {
  if (errno === Errno.ENOMEM) return tooManyVmas(context, process) || NO_MEMORY;
  return (
    unaligned("address", address) ||
    empty("length", length) ||
    cutsHugePage(process, address, length) ||
    BEYOND
  );
}

export function whyMprotect(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
): string {
  if (errno === Errno.EINVAL)
    return (
      outOfRange({ address, length }) ||
      unaligned("address", address) ||
      cutsHugePage(process, address, length)
    );
  return hole(process, address, length) || tooManyVmas(context, process) || NO_MEMORY;
}
