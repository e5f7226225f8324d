// Why a call failed, where its arguments and the machine it left tell.

import { VmFlag } from "../../assembly/abi/flag.js";
import { Errno } from "../../assembly/abi/result.js";
import { HUGE_PAGES, HUGE_SIZE, PAGE_SIZE, TASK_SIZE_PAGES } from "../../assembly/abi/unit.js";
import { adviceRefused } from "./advice-refusal.js";
import { LARGEST, PGOFF_END } from "./argument.js";
import { hex, type Context } from "./context.js";
import type { Advice, MmapOptions, MremapOptions, StackOptions } from "./operation.js";
import type { Arch } from "./options.js";
import type { Process } from "./process.js";
import { isAgainst, tooManyArguments, whyNotGrown } from "./stack-limit.js";
import { readVmStat } from "./vm-statistics.js";
import { pgoffShownAt, type Vma } from "./vma.js";

/** Where addresses end. */
const TASK_SIZE = TASK_SIZE_PAGES * PAGE_SIZE;
/** VMAs that are looked at to find a hole. */
const SEARCHED = 1000;
/** More VMAs that mremap asks for room for before it begins. */
const SPARE_VMAS = 3;

function pagesOf(length: number): number {
  return Math.ceil(length / PAGE_SIZE);
}

/** The first of the numbers that is no integer that the core takes. */
function outOfRange(numbers: Readonly<Record<string, number | undefined>>): string {
  for (const [name, n] of Object.entries(numbers)) {
    if (n !== undefined && !(Number.isSafeInteger(n) && n >= 0 && n <= LARGEST)) {
      return `${name} is ${n}, accepted: integers from 0 to 2^53-1`;
    }
  }
  return "";
}

function unaligned(name: string, address: number): string {
  const accepted = `multiples of ${PAGE_SIZE}`;
  return address % PAGE_SIZE ? `${name} is ${hex(address)}, accepted: ${accepted}` : "";
}

function empty(name: string, length: number): string {
  return length === 0 ? `${name} is 0, accepted: at least 1` : "";
}

const BEYOND = `it reaches beyond ${hex(TASK_SIZE)}, where addresses end`;

/** Out of frames, or of memory for the machine's own records. */
export function exhausted({ machine }: Context): string {
  return readVmStat(machine.core).nr_free_pages === 0 ? "no frame is free" : NO_MEMORY;
}

/** The same of what a process needs: also more than its cgroup may have. */
export function exhaustedIn(context: Context, process: Process): string {
  const free = readVmStat(context.machine.core).nr_free_pages > 0;
  return (free && process.memoryCgroup.whyFull()) || exhausted(context);
}

/** EBUSY: what the process does waits for the fault in which it, or a thread beside it, is held. */
export function whyHeld(process: Process): string {
  return process.held
    ? "it is held inside a fault, until letGo()"
    : "a process that shares its address space is held inside a fault, until letGo()";
}

/** The pool could not promise what a mapping wants, or something else is missing. */
function emptyPool({ machine }: Context, length: number): string {
  const [free = 0, reserved = 0] = [12, 13].map((which) => machine.core.zoneStat(which));
  const wanted = Math.ceil(length / HUGE_SIZE);
  return `it wants ${wanted} huge pages, and the pool has ${free - reserved} that are free and not promised`;
}

function vmaInWords({ start }: Vma): string {
  return `the VMA at ${hex(start)}`;
}

const NO_MEMORY = "memory is exhausted";
const NO_ROOM = "no hole is large enough, or memory is exhausted";

/** Bytes that are no whole huge pages; empty if they are. */
function unalignedHuge(name: string, bytes: number): string {
  const accepted = `multiples of ${HUGE_SIZE}, as these are huge pages`;
  return bytes % HUGE_SIZE ? `${name} is ${hex(bytes)}, accepted: ${accepted}` : "";
}

/** An end of a range that lies inside a huge page of the pool; empty if none does. */
function cutsHugePage(process: Process, address: number, length: number): string {
  const end = address + Math.ceil(length / PAGE_SIZE) * PAGE_SIZE;
  const cut = [address, end].find((at) => at % HUGE_SIZE !== 0 && process.vmaAt(at)?.hugetlb);
  return cut === undefined ? "" : `${hex(cut)} is inside a huge page, which can't be cut`;
}

/** More VMAs than a process may have; empty if that is not so. */
function tooManyVmas({ options }: Context, process: Process, more = 0): string {
  const most = options.maxMapCount;
  if (process.vmaCount + more < most) return "";
  return `a process has at most ${most} VMAs (maxMapCount), and this one has ${process.vmaCount}`;
}

/** Pages that would be locked beyond what memlock allows; empty if they are not. */
function overMemlock({ options }: Context, locked: number, more: number): string {
  const most = options.memlock;
  if (locked + more <= most) return "";
  return `it would lock ${more} more pages beside ${locked}, accepted: ${most} in all (memlock)`;
}

const NO_MEMLOCK = "memlock is 0: nothing can be locked";

/** Says where a range is not mapped; empty if no hole is to be found soon. */
function hole(process: Process, address: number, length: number): string {
  const end = address + length;
  let at = address - (address % PAGE_SIZE);
  for (let i = 0; i < SEARCHED && at < end; i++) {
    const vma = process.vmaAt(at);
    if (!vma) return `nothing is mapped at ${hex(at)}`;
    at = vma.end;
  }
  return "";
}

/** A locked range of which pages can't be made present: those of a PROT_NONE VMA, or beyond a file's end. */
function unpopulated(process: Process, address: number, length: number): string {
  const end = address + length;
  let at = address;
  for (let i = 0; i < SEARCHED && at < end; i++) {
    const vma = process.vmaAt(at);
    if (!vma) return "";
    const which = `the VMA at ${hex(vma.start)} is locked, but`;
    if (vma.prot === "none") return `${which} ${vma.perms}: no page can be made present`;
    const pages = vma.file?.pages ?? Infinity;
    if (vma.pgoff + pagesOf(Math.min(end, vma.end) - vma.start) > pages) {
      return `${which} its file ends at ${pages}`;
    }
    const missing = untouchable(process, vma, at, Math.min(end, vma.end));
    if (missing !== null)
      return `${which} its page at ${hex(missing)} is SIGBUS for who touches it`;
    at = vma.end;
  }
  return "";
}

/** The first page of a locked VMA that is not present: mlock stops there. */
function untouchable(process: Process, vma: Vma, start: number, end: number): number | null {
  if (!(vma.flags & VmFlag.Locked) || vma.hugetlb) return null;
  // The page that a stack keeps free is left alone.
  const first = vma.flags & VmFlag.GrowsDown ? Math.max(start, vma.start + PAGE_SIZE) : start;
  const last = Math.min(end, first + SEARCHED * PAGE_SIZE);
  for (let at = first; at < last; at += PAGE_SIZE) if (!process.entryAt(at)) return at;
  return null;
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

/** @param locked pages that were locked before */
export function whyMlock(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
  length: number,
  locked: number,
): string {
  if (errno === Errno.EPERM) return NO_MEMLOCK;
  if (errno === Errno.EAGAIN) return exhaustedIn(context, process);
  const pages = pagesOf((address % PAGE_SIZE) + length);
  return (
    overMemlock(context, locked, pages) ||
    hole(process, address, length) ||
    tooManyVmas(context, process) ||
    unpopulated(process, address, length) ||
    NO_MEMORY
  );
}

export function whyMunlock(
  context: Context,
  process: Process,
  address: number,
  length: number,
): string {
  return hole(process, address, length) || tooManyVmas(context, process) || NO_MEMORY;
}

export function whyMlockall(errno: Errno, context: Context): string {
  if (errno === Errno.EPERM) return NO_MEMLOCK;
  return `more is mapped than can be locked: ${context.options.memlock} pages (memlock)`;
}

export function whyExec(
  errno: Errno,
  context: Context,
  process: Process,
  stack?: StackOptions,
): string {
  if (errno === Errno.EINVAL) {
    const accepted = `multiples of ${PAGE_SIZE} up to ${hex(TASK_SIZE)}, with room for the pages below`;
    return `stack.top is ${hex(stack?.top ?? 0)}, accepted: ${accepted}`;
  }
  const pages = stack?.pages ?? 0;
  if (errno !== Errno.E2BIG) {
    const free = readVmStat(context.machine.core).nr_free_pages;
    if (pages > free) return `it needs ${pages} frames for arguments, and ${free} are free`;
    return (pages && process.memoryCgroup.whyFull(pages)) || exhausted(context);
  }
  return tooManyArguments(pages, context.options);
}

/** Of an access within a file that gets no huge page of the pool: all that may be so, as little tells them apart. */
export function whyNoHugePage({ machine }: Context, process: Process, vma: Vma): string {
  const [broken = 0, free = 0, reserved = 0] = [10, 12, 13].map((which) =>
    machine.core.zoneStat(which),
  );
  const causes = [];
  if (free <= reserved) {
    const promised = free > 0 ? " that nobody was promised" : "";
    causes.push(`no huge page of the pool is free for it${promised}`);
  }
  // Who was promised a page of private memory takes it from all who are not: children, and others with the file.
  const loses = !vma.shared && (process.parent !== null || vma.file?.name !== "");
  if (loses) causes.push("what it had went back to who was promised it");
  if (broken > 0) causes.push("it is poisoned");
  return causes.join(", or ");
}

/** Of a read, write or fetch that a process can't make. */
export function whyAccess(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
): string {
  if (errno === Errno.ENOMEM) return exhaustedIn(context, process);
  const vma = process.vmaAt(address);
  if (!vma) {
    const named = ({ start }: Vma): string => hex(start);
    return whyNotGrown(context.options, process, address, named) || "nothing is mapped there";
  }
  if (errno === Errno.SIGSEGV) return `the VMA there is ${vma.perms}`;
  const { file } = vma;
  const pgoff = pgoffShownAt(vma, address);
  if (file && pgoff >= file.pages)
    return `page ${pgoff} is beyond the end of its file at ${file.pages}`;
  if (vma.hugetlb) return whyNoHugePage(context, process, vma);
  const first = vma.flags & VmFlag.GrowsDown && address - vma.start < PAGE_SIZE;
  const swapped = first && process.swapped().some((entry) => entry.address === vma.start);
  if (!first || swapped || !isAgainst(process, vma)) return "the page is poisoned";
  // That a page was poisoned leaves nothing that could be asked for here.
  const broken = context.machine.core.zoneStat(10) > 0;
  return broken ? `${STACK_IS_AGAINST}, or the page is poisoned` : STACK_IS_AGAINST;
}

const STACK_IS_AGAINST = "a stack does not touch what is mapped right below it";
