// Why an operation failed, in the terms of its script.

import { HUGE_PAGES } from "../../assembly/abi/unit.js";
import type { KernelError } from "../core/kernel-error.js";
import { whyFull } from "../kernel/cgroup-refusal.js";
import type { Context } from "../kernel/context.js";
import type { File } from "../kernel/file.js";
import type { Kernel } from "../kernel/kernel.js";
import type { ResolvedOptions } from "../kernel/options.js";
import type { Process } from "../kernel/process.js";
import { adviceRefused } from "../kernel/advice-refusal.js";
import { whyNoHugePage } from "../kernel/access-refusal.js";
import { fileOffsetBits, HUGETLB_IS_LINEAR } from "../kernel/mremap-refusal.js";
import { whyNotGrown } from "../kernel/stack-limit.js";
import { pgoffShownAt, type Vma } from "../kernel/vma.js";
import { addressOf, bytesOf, pageOf } from "./arena.js";
import type { MmapOperation, Operation } from "./operation.js";
import type { ScriptRunner } from "./runner.js";
import type { Scene } from "./scene.js";
import { heldInWords } from "./token-words.js";
import { counted, fileInWords, range, vmaInWords } from "./wording.js";

type OnRange = Extract<Operation, { readonly page: number; readonly count: number }>;

/** VMAs that are looked at to find the page that an operation failed at. */
const SEARCHED = 1000;

/** Why an operation failed: "nothing is mapped there"; empty if there is nothing to say. */
export function failureInWords(scene: Scene, error: KernelError): string {
  return reason(scene, error.code) ?? error.detail;
}

function reason(scene: Scene, code: string): string | null {
  const { kernel, runner, step } = scene;
  const { operation } = step;
  const own =
    limited(scene, code) ??
    heldInWords(scene, code) ??
    ("process" in operation
      ? ofProcess(kernel, runner, operation, code)
      : ofOthers(kernel, runner, operation, code));
  if (own !== null) return own;
  if (operation.op === "collapse" || operation.op === "migrate") return null;
  if (code !== "ENOMEM" && code !== "EAGAIN") return null;
  const words = exhausted(kernel, runner, operation);
  return operation.op === "mlock" && code === "EAGAIN"
    ? `locked, but not every page could be made present: ${words}`
    : words;
}

/** Why the limit of what a process may lock stood in the way; null if it did not. */
function limited({ kernel, step, before }: Scene, code: string): string | null {
  const { operation } = step;
  const { memlock } = kernel.options;
  const most = `a process may lock at most ${counted(memlock, "page")} (memlock)`;
  switch (operation.op) {
    case "mlockall":
      if (code === "EPERM") return most;
      return code === "ENOMEM" ? `${most}, and more is mapped` : null;
    case "mlock": {
      if (code === "EPERM") return most;
      const wanted = before.locked + operation.count;
      return code === "ENOMEM" && wanted > memlock ? `${most}, this would be ${wanted}` : null;
    }
    case "mmap":
    case "mremap": {
      if (code !== "EAGAIN") return null;
      const more = operation.op === "mmap" ? operation.count : operation.newCount - operation.count;
      return `${most}, and with this it would be ${before.locked + more}`;
    }
    default:
      return null;
  }
}

function ofOthers(
  kernel: Kernel,
  runner: ScriptRunner,
  operation: Operation,
  code: string,
): string | null {
  switch (operation.op) {
    case "device-read":
    case "device-write":
      return code === "EFAULT" ? deviceAccess(kernel, runner, operation) : null;
    case "swapon":
      return code === "EINVAL"
        ? "all swap areas together have at most 2147483647 pages"
        : "there are eight swap areas, and no more than that";
    case "swapoff":
      return code === "EINVAL"
        ? `there is no swap area ${operation.area}`
        : "what is in it does not fit in the frames that are free";
    case "invalidate":
      return code === "EBUSY" ? dirty(runner.file(operation.file)) : null;
    default:
      return null;
  }
}

function dirty(file: File | undefined): string {
  const helps = file?.kind === "disk" ? "writeback cleans it" : "and it can't be written anywhere";
  return `a dirty page had to stay, ${helps}`;
}

function ofProcess(
  { context, options }: Kernel,
  runner: ScriptRunner,
  operation: Extract<Operation, { readonly process: string }>,
  code: string,
): string | null {
  const process = runner.process(operation.process);
  if (!process?.alive) return null;
  switch (operation.op) {
    case "read":
    case "write":
      return access(context, process, operation.page, code);
    case "referenced":
    case "rmap":
    case "pin":
      return notShown(process, operation.page);
    case "split":
      return notShown(process, operation.page);
    case "move":
      return code === "ENOMEM" ? "there is no room for its pages in that cgroup" : null;
    case "poison":
      return code === "EBUSY" ? null : notShown(process, operation.page);
    case "unpin":
      return code === "EINVAL" ? "the page is not pinned" : notShown(process, operation.page);
    case "mremap":
      return remapping(process, operation, code);
    case "remap_file_pages":
      return code === "EINVAL" ? notRemapped(process, operation, fileOffsetBits(options)) : null;
    case "mmap":
      if (code === "ENOMEM") return unpromised(runner, operation);
      if (code !== "EINVAL") return null;
      if (operation.count === 0) return "the range has 0 pages";
      return (
        unalignedHuge(runner, operation) ??
        "it would reach beyond the last page that a file can have"
      );
    case "munmap":
    case "stack":
      if (code !== "EINVAL") return null;
      return operation.count === 0 ? "the range has 0 pages" : cutHugePage(process, operation);
    case "madvise":
      if (code === "EINVAL") return unadvised(process, operation);
      break;
    case "mprotect":
      if (code === "EINVAL") return cutHugePage(process, operation);
      break;
    case "mlock":
    case "munlock":
      break;
    default:
      return null;
  }
  if (code !== "ENOMEM") return null;
  const { op, page, count } = operation;
  return hole(process, operation) ?? (op === "mlock" ? unpopulated(process, page, count) : null);
}

function unadvised(
  process: Process,
  operation: Extract<Operation, { readonly op: "madvise" }>,
): string | null {
  const { page, count, advice } = operation;
  const refused = adviceRefused(process, addressOf(page), bytesOf(count), advice, vmaInWords);
  return refused || cutHugePage(process, operation);
}

/** Does a mapping ask for huge pages of the pool? */
function isHugetlb(runner: ScriptRunner, { huge, backing }: MmapOperation): boolean {
  return huge || (backing !== null && runner.file(backing.file)?.kind === "hugetlb");
}

/** Why a mapping of huge pages can't be where it was asked for; null if it is none. */
function unalignedHuge(runner: ScriptRunner, operation: MmapOperation): string | null {
  if (!isHugetlb(runner, operation)) return null;
  if (operation.huge && operation.backing !== null) return "huge is said of anonymous memory";
  return `page, number of pages and page offset have to be multiples of ${HUGE_PAGES} for huge pages`;
}

/** Why the pool stood in the way of a mapping; null if it did not. */
function unpromised(runner: ScriptRunner, operation: MmapOperation): string | null {
  if (!isHugetlb(runner, operation)) return null;
  const { free, reserved } = runner.hugePages;
  const wanted = counted(operation.count / HUGE_PAGES, "huge page");
  return `${wanted} wanted, the pool can promise ${free - reserved}`;
}

/** An end of a range that lies inside a huge page of the pool; null if none does. */
function cutHugePage(process: Process, { page, count }: OnRange): string | null {
  const cut = [page, page + count].find(
    (at) => at % HUGE_PAGES !== 0 && vmaAt(process, at)?.hugetlb === true,
  );
  return cut === undefined ? null : `page ${cut} is inside a huge page, which can't be cut`;
}

/** A range of which a part is not mapped. */
function hole(process: Process, { op, page, count }: OnRange): string | null {
  const at = holeIn(process, page, count);
  if (at === null) return null;
  const nothing = `nothing is mapped at page ${at}`;
  if (op === "madvise") return `${nothing}, the rest is done`;
  return at > page ? `${nothing}, what is before it is done` : nothing;
}

/** The first page of a range that is not mapped; null if it is not to be found soon. */
function holeIn(process: Process, page: number, count: number): number | null {
  let at = page;
  for (let i = 0; i < SEARCHED && at < page + count; i++) {
    const vma = vmaAt(process, at);
    if (vma === undefined) return at;
    at = pageOf(vma.end);
  }
  return null;
}

/** Why pages of a range that is locked by now can't be made present. */
function unpopulated(process: Process, page: number, count: number): string | null {
  let at = page;
  for (let i = 0; i < SEARCHED && at < page + count; i++) {
    const vma = vmaAt(process, at);
    if (vma === undefined) return null;
    if (vma.perms.startsWith("---")) {
      return `${vmaInWords(vma)} is locked, but ${vma.perms}: no page can be made present`;
    }
    const size = vma.file?.pages ?? Infinity;
    if (vma.pgoff + pageOf(vma.end) - pageOf(vma.start) > size) {
      return `${vmaInWords(vma)} is locked, but ${fileInWords(vma.file)} ends at ${size}`;
    }
    at = pageOf(vma.end);
  }
  return null;
}

function access(context: Context, process: Process, page: number, code: string): string | null {
  const vma = vmaAt(process, page);
  if (vma === undefined)
    return code === "ENOMEM" ? null : unreached(context.options, process, page);
  if (code === "SIGSEGV") return `${vmaInWords(vma)} is ${vma.perms}`;
  if (code !== "SIGBUS" || vma.file === null) return null;
  const pgoff = pgoffShownAt(vma, addressOf(page));
  if (vma.hugetlb && pgoff < vma.file.pages) {
    return whyNoHugePage(context, process, vma);
  }
  if (pgoff < vma.file.pages) return null;
  return `page ${pgoff} of ${fileInWords(vma.file)} is beyond its end at ${vma.file.pages}`;
}

/** Where nothing is mapped: a stack above may have been too large to grow to it. */
function unreached(options: ResolvedOptions, process: Process, page: number): string {
  const named = ({ start, end }: Vma): string => range(start, end);
  return whyNotGrown(options, process, addressOf(page), named) || "nothing is mapped there";
}

/** A device can do what the process can, but for a read where it may only execute, or only write. */
function deviceAccess(
  { context }: Kernel,
  runner: ScriptRunner,
  { op, device, page }: Extract<Operation, { readonly op: "device-read" | "device-write" }>,
): string | null {
  const process = runner.process(runner.device(device)?.owner ?? "");
  if (!process?.alive) return null;
  const vma = vmaAt(process, page);
  if (vma === undefined) return unreached(context.options, process, page);
  const wanted = op === "device-write" ? "w" : "r";
  return access(context, process, page, vma.perms.includes(wanted) ? "SIGBUS" : "SIGSEGV");
}

function notShown(process: Process, page: number): string {
  if (vmaAt(process, page) === undefined) return "nothing is mapped there";
  const swapped = process.rss.swap > 0 ? ", read brings back what is in swap" : "";
  return `no page is present there${swapped}`;
}

function remapping(
  process: Process,
  operation: Extract<Operation, { readonly op: "mremap" }>,
  code: string,
): string | null {
  const { page, count, newPage, newCount } = operation;
  if (code === "EINVAL") {
    if (vmaAt(process, page)?.hugetlb) return "huge pages of the pool neither grow nor move";
    return newCount === 0 ? "the new length is 0 pages" : "the old and the new range overlap";
  }
  if (code !== "EFAULT") return null;
  const vma = vmaAt(process, page);
  const unmapped = `${newPage}-${newPage + newCount} is unmapped all the same`;
  return vma === undefined
    ? `nothing is mapped at page ${page}; ${unmapped}`
    : `${page}-${page + count} is more than ${vmaInWords(vma)}; ${unmapped}`;
}

function notRemapped(
  process: Process,
  { page, count, pgoff }: Extract<Operation, { readonly op: "remap_file_pages" }>,
  bits: number,
): string {
  if (count === 0) return "the range has 0 pages";
  if (pgoff + count >= 2 ** bits) return `an entry can't keep page offsets from 2^${bits} on`;
  const vma = vmaAt(process, page);
  if (vma === undefined) return `nothing is mapped at page ${page}`;
  if (!vma.shared) return `${vmaInWords(vma)} is ${vma.perms}, not shared`;
  if (vma.hugetlb) return HUGETLB_IS_LINEAR;
  return `${page}-${page + count} is more than ${vmaInWords(vma)}`;
}

/** ENOMEM without anything to be said about the range. */
function exhausted(kernel: Kernel, runner: ScriptRunner, operation: Operation): string {
  const process = "process" in operation ? runner.process(operation.process) : undefined;
  const most = kernel.options.maxMapCount;
  // mremap asks for room for three more before it begins.
  if (process?.alive && process.vmaCount + 3 >= most && "count" in operation) {
    return `a process has at most ${most} VMAs, and this one has ${process.vmaCount}`;
  }
  if (kernel.vmstat().nr_free_pages === 0) return "no frame is free";
  const full = process?.alive ? whyFull(process.memoryCgroup) : "";
  return full === "" ? "memory is exhausted" : full;
}

function vmaAt(process: Process, page: number): Vma | undefined {
  return process.vmaAt(addressOf(page)) ?? undefined;
}
