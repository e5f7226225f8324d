// One operation in plain words: what was split, merged, copied or shared, and why.

import { KernelError } from "../core/kernel-error.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import type { Vma } from "../kernel/vma.js";
import { addressOf, pageOf } from "./arena.js";
import { ONLY_ONE_ANON_VMA, neighbourInWords } from "./neighbour.js";
import type { Operation } from "./operation.js";
import type { ScriptRunner, Step } from "./runner.js";
import { SKIPPED } from "./runner.js";

/** More events of one kind than this are counted instead of listed. */
const LISTED = 3;

const MERGES: readonly string[] = [
  "merged",
  "fills the hole between both neighbours",
  "continues the VMA before",
  "continues the VMA after",
  "tail given to the VMA after",
  "head given to the VMA before",
  "joined with both neighbours",
  "joined with the VMA before",
  "joined with the VMA after",
];

/** By PageFate. */
const FATES: readonly string[] = [
  "page reclaimed",
  "page kept, reclaim tried",
  "page kept as active, reclaim tried",
  "page can't be reclaimed",
];

/**
 * One line for one operation: `LINE OPERATION: reasons`.
 * @param events what the kernel recorded during the operation
 */
export function explainStep(
  kernel: Kernel,
  runner: ScriptRunner,
  step: Step,
  events: readonly KernelEvent[],
): string {
  const { operation } = step;
  const reasons = [...failure(runner, step), ...eventsInWords(kernel, operation, events)];
  if (step.error === null) reasons.push(...neighbours(runner, operation));
  if (reasons.length === 0) reasons.push(uneventful(operation));
  return `${operation.line} ${operation.text}: ${reasons.join("; ")}`;
}

function eventsInWords(
  kernel: Kernel,
  operation: Operation,
  events: readonly KernelEvent[],
): string[] {
  const groups = new Map<KernelEvent["event"], KernelEvent[]>();
  for (const event of events) {
    const group = groups.get(event.event);
    if (group === undefined) groups.set(event.event, [event]);
    else group.push(event);
  }
  // A split first copies the links; what was split is the better beginning.
  const links = groups.get("AnonVmaCloned");
  if (links !== undefined && groups.delete("AnonVmaCloned")) groups.set("AnonVmaCloned", links);
  return [...groups.values()].flatMap((group) => groupInWords(kernel, operation, group));
}

function groupInWords(
  kernel: Kernel,
  operation: Operation,
  group: readonly KernelEvent[],
): string[] {
  const [first] = group;
  if (first === undefined) return [];
  const total = group.reduce((sum, { a }) => sum + a, 0);
  switch (first.event) {
    case "EntriesCopied":
      return forkedEntries(group);
    case "AnonVmaCloned":
      return [`${counted(total, "anon_vma link")} copied for ${counted(group.length, "VMA")}`];
    case "VmaNew":
      if (operation.op === "fork") return [`${counted(group.length, "VMA")} copied`];
      break;
    case "AnonVmaNew":
      if (operation.op === "fork") {
        return [`${counted(group.length, "anon_vma")} made for the child, below the parent's`];
      }
      break;
    case "Zapped":
      return total === 0 ? [] : [`${counted(total, "page")} unmapped`];
    default:
  }
  if (group.length <= LISTED) return group.map((event) => eventInWords(kernel, operation, event));
  return [`${eventInWords(kernel, operation, first)}, and ${group.length - 1} more like it`];
}

function eventInWords(
  kernel: Kernel,
  operation: Operation,
  { event, a, b, c }: KernelEvent,
): string {
  switch (event) {
    case "VmaSplit":
      return `VMA ${range(a, c)} split at ${pageOf(b)}`;
    case "VmaMerge":
      return `${MERGES[a] ?? "merged"} (merge case ${a}): VMA ${range(b, c)}`;
    case "VmaNew":
      return `new VMA ${range(a, b)}`;
    case "VmaGone":
      return `VMA ${range(a, b)} removed`;
    case "AnonVmaNew":
      return `anon_vma ${a} made, no neighbour had one to take`;
    case "AnonVmaReused":
      return `anon_vma ${a} taken from a neighbour, so that they can merge`;
    case "ZeroPage":
      return "zero page mapped, a read needs no page of its own";
    case "AnonPage":
      return "new page, the first write there";
    case "FilePage":
      return filePage(kernel, b);
    case "PageCopied":
      return copied(kernel, operation, b);
    case "PageReused":
      return "page written in place, nobody else maps it any more";
    case "PageShared":
      return "shared page made writable, all who map it see the write";
    case "SwapIn":
      return "page read back from swap";
    case "SwapOut":
      return `page ${pageOf(a)} swapped out`;
    case "EntriesMoved":
      return `${counted(a, "page")} moved from ${pageOf(b)} to ${pageOf(c)}, in the same frames`;
    case "Mlocked":
      return "page mlocked, it can't be reclaimed any more";
    case "Munlocked":
      return "page no longer mlocked";
    case "KsmMerged":
      return `page ${pageOf(a)} merged, its contents were in a frame already`;
    case "Migrated":
      return `page moved to another frame, with ${counted(c, "mapping")}`;
    case "Reclaimed":
      return FATES[b] ?? "looked at by reclaim";
    case "Written":
      return "contents written out";
    case "SwapRead":
      return "contents read from swap, into a new frame";
    case "EntriesCopied":
    case "AnonVmaCloned":
    case "Zapped":
      return `${event} ${a}`;
  }
}

function forkedEntries(group: readonly KernelEvent[]): string[] {
  const total = group.reduce((sum, { a }) => sum + a, 0);
  const empty = group.filter(({ a }) => a === 0).length;
  const words: string[] = [];
  if (total > 0) words.push(`${counted(total, "page")} shared with the child`);
  if (empty > 0) words.push(`${counted(empty, "VMA")} left to be faulted in again by the child`);
  return words;
}

/** null if the frame was given back meanwhile. */
function pageIn(kernel: Kernel, frame: number): Page | null {
  try {
    return kernel.page(frame);
  } catch (error) {
    if (error instanceof KernelError && error.code === "ESTALE") return null;
    throw error;
  }
}

function filePage(kernel: Kernel, frame: number): string {
  const { file, index } = kernel.page(frame);
  const object = file === null || file.kind === "shmem" ? "the shared object" : file.name;
  return `page ${index} of ${object} mapped`;
}

function copied(kernel: Kernel, operation: Operation, frame: number): string {
  if (frame <= 0) return "page made in place of the zero page";
  const page = pageIn(kernel, frame);
  if (page === null) return "page copied, the frame had another user, who is gone";
  if (!page.anon && page.file !== null) {
    return `page copied, it was page ${page.index} of ${page.file.name} and the mapping is private`;
  }
  const own = "process" in operation ? operation.process : "";
  const others = new Set(page.mappings().map(({ process }) => process.name));
  others.delete(own);
  const names = [...others];
  if (names.length === 0) return "page copied, the frame was still in use elsewhere";
  const shown = names.length > LISTED ? `${names.length} processes` : names.join(" and ");
  return `page copied, the frame was shared with ${shown}`;
}

/** Why the range that an operation made stands apart from what it touches. */
function neighbours(runner: ScriptRunner, operation: Operation): string[] {
  if (operation.op !== "mmap" && operation.op !== "mprotect" && operation.op !== "mremap")
    return [];
  const process = runner.process(operation.process);
  if (!process?.alive) return [];
  const start = operation.op === "mremap" ? operation.newPage : operation.page;
  const count = operation.op === "mremap" ? operation.newCount : operation.count;
  const words: string[] = [];
  for (const edge of new Set([start, start + count])) {
    const after = process.vmaAt(addressOf(edge));
    const before = process.vmaAt(addressOf(edge) - 1);
    if (before === null || after === null || before.start === after.start) continue;
    // After mprotect a change of protection at the edge is what the script asked for.
    if (operation.op === "mprotect" && before.perms !== after.perms) continue;
    const other = edge === start ? before : after;
    words.push(
      `apart from VMA ${range(other.start, other.end)}: ${apartInWords(operation, before, after)}`,
    );
  }
  return words;
}

function apartInWords(operation: Operation, before: Vma, after: Vma): string {
  const words = neighbourInWords(before, after);
  // mmap's new memory joins a VMA with an anon_vma, unless that VMA is linked to older ones too.
  return operation.op === "mmap" && words === ONLY_ONE_ANON_VMA
    ? "it is linked to the anon_vmas of its parent, new memory cannot be"
    : words;
}

function failure(runner: ScriptRunner, { operation, result, error }: Step): string[] {
  if (result?.[2] === SKIPPED) return ["skipped, its process or file is not there"];
  if (error === null) return [];
  const why = faultInWords(runner, operation, error.code) ?? error.detail;
  return [why === "" ? error.code : `${error.code}, ${why}`];
}

function faultInWords(runner: ScriptRunner, operation: Operation, code: string): string | null {
  if (operation.op !== "read" && operation.op !== "write") return null;
  const vma = vmaAt(runner.process(operation.process), operation.page);
  if (vma === undefined) return "nothing is mapped there";
  if (code === "SIGSEGV") return `VMA ${range(vma.start, vma.end)} is ${vma.perms}`;
  if (code !== "SIGBUS" || vma.file === null) return null;
  const page = vma.pgoff + operation.page - pageOf(vma.start);
  const name = vma.file.kind === "shmem" ? "the shared object" : vma.file.name;
  return `page ${page} of ${name} is beyond its end at ${vma.file.pages}`;
}

function vmaAt(process: Process | undefined, page: number): Vma | undefined {
  return process?.vmaAt(addressOf(page)) ?? undefined;
}

function uneventful(operation: Operation): string {
  switch (operation.op) {
    case "read":
    case "write":
      return "page present, no fault";
    case "file":
    case "spawn":
    case "fork":
      return "made";
    case "dump":
      return "dumped";
    case "exit":
      return "gone, it had nothing mapped";
    default:
      return "nothing to change";
  }
}

function range(start: number, end: number): string {
  return `${pageOf(start)}-${pageOf(end)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
