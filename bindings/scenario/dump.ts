// What a script's processes look like at one moment, as the document that `rmaplab run --json` prints.

import { PageFlag, VmFlag } from "../../assembly/abi/flag.js";
import type { File } from "../kernel/file.js";
import type { MmuNotifier } from "../kernel/mmu-notifier.js";
import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import type { Vma } from "../kernel/vma.js";
import { pageOf } from "./arena.js";
import type { OperationName } from "./operation.js";
import type { WalkRecord } from "./walk-record.js";

/** Frame number of the zero page in a dump. */
export const ZERO_FRAME = -1;

/** [start, end, perms, file or null, pgoff or null, tags "lo mg ac nl"]; start, end and pgoff in pages. */
export type DumpVma = [number, number, string, string | null, number | null, string];
/** [page, frame], or [page, frame, n] for n pages in n consecutive frames. */
export type DumpPages = [number, number] | [number, number, number];
/** [page, area], or [page, area, n] for n pages that are in one swap area. */
export type DumpSwap = [number, number] | [number, number, number];
/** [page, pgoff], or [page, pgoff, n] for n pages that are not there and show n consecutive ones of the file. */
export type DumpOffsets = [number, number] | [number, number, number];
/**
 * [mapcount, flags, first word]. Flags: A anon, M mapped, K ksm, L mlocked, U unevictable,
 * S swap-backed, R referenced, D dirty.
 */
export type DumpFrame = [number, string, number];
/** [line, operation, 0 or the value read or what went wrong]. */
export type DumpResult = [number, OperationName, number | string];

/** [page, frame, what the device may do there]. */
export type DumpShown = [number, number, "r" | "rw"];
/** [name, model, pages that its table shows]. */
export type DumpDevice = [string, string, DumpShown[]];

/** Pages of the arena by kind. Shared anonymous memory and tmpfs count as shmem. */
export interface DumpRss {
  anon: number;
  file: number;
  shmem: number;
  zero: number;
}

/** One living process. */
export interface DumpProcess {
  name: string;
  /** Who forked it, dead or alive; null for a spawned one. */
  parent: string | null;
  vmas: DumpVma[];
  pages: DumpPages[];
  rss: DumpRss;
  /** Pages of locked VMAs: mm->locked_vm. */
  locked: number;
  /** Pages in swap, and in which area; left out if there are none. */
  swap?: DumpSwap[];
  /** Entries of nonlinear VMAs that only say which page of the file they show; left out if there are none. */
  offsets?: DumpOffsets[];
  /** Those who have a table of their own beside its page table; left out if there are none. */
  devices?: DumpDevice[];
}

/** One memory cgroup: memory.stat and its fellows, in pages. */
export interface DumpCgroup {
  name: string;
  /** The one above; "root" is above all. */
  parent: string;
  /** null: none. */
  limit: number | null;
  usage: number;
  failcnt: number;
  cache: number;
  rss: number;
  mapped_file: number;
  /** Pages that were charged, and uncharged; pages that had to be read for a fault. */
  pgpgin: number;
  pgpgout: number;
  pgmajfault: number;
  /** Pages on each of its lists of reclaim. */
  inactive_anon: number;
  active_anon: number;
  inactive_file: number;
  active_file: number;
  unevictable: number;
}

/** All living processes at one moment. Frames are numbered in order of appearance. */
export interface Dump {
  label: string;
  procs: DumpProcess[];
  frames: DumpFrame[];
  /** Left out where a script makes none. */
  memcgs?: DumpCgroup[];
}

/** The whole document. */
export interface DumpDocument {
  /** Version of the format. */
  oracle: 1;
  /** Which kernel gave it. */
  kernel: string;
  /** The script's file name. */
  case: string;
  dumps: Dump[];
  results: DumpResult[];
  /** Walks of the reverse map that were asked for. */
  walks?: readonly WalkRecord[];
}

/** A living process with the names that its script gave. */
export interface NamedProcess {
  readonly name: string;
  readonly parent: string | null;
  readonly process: Process;
}

/** A client with the name that its script gave, and that of the process for which it was registered. */
export interface NamedDevice {
  readonly name: string;
  readonly owner: string;
  readonly notifier: MmuNotifier;
}

/**
 * Names shared anonymous objects #shm0, #shm1, ... in order of appearance in any dump of a run, and those behind
 * anonymous huge pages #huge0, #huge1, ...
 */
export class ShmemNames {
  readonly #shared = new Map<number, string>();
  readonly #huge = new Map<number, string>();

  /** The name of a file; null for none. */
  of(file: File | null): string | null {
    if (file?.kind === "shmem") return named(this.#shared, "#shm", file.inode);
    if (file?.kind === "hugetlb" && file.name === "") return named(this.#huge, "#huge", file.inode);
    return file && file.name;
  }
}

function named(names: Map<number, string>, what: string, inode: number): string {
  const name = names.get(inode) ?? `${what}${names.size}`;
  names.set(inode, name);
  return name;
}

/** Dumps processes in the order given. */
export function takeDump(
  kernel: Kernel,
  processes: readonly NamedProcess[],
  devices: readonly NamedDevice[],
  shmem: ShmemNames,
  label: string,
): Dump {
  const frames = new FrameNumbers(kernel);
  const procs = processes.map((named) => {
    const dumped = dumpProcess(named, frames, shmem);
    const own = devices.filter(
      ({ owner, notifier }) => owner === named.name && notifier.registered,
    );
    return own.length > 0
      ? { ...dumped, devices: own.map((device) => dumpDevice(device, frames)) }
      : dumped;
  });
  return { label, procs, frames: frames.pages.map(dumpFrame) };
}

/** What a memory cgroup counts. */
export function dumpCgroup(cgroup: MemoryCgroup): DumpCgroup {
  const { name, parent, limit, usage, failcnt } = cgroup;
  const { cache, rss, mapped_file, pgpgin, pgpgout, pgmajfault, ...others } = cgroup.stat();
  const { inactive_anon, active_anon, inactive_file, active_file, unevictable } = others;
  return {
    ...{ name, parent: parent?.name ?? "", limit, usage, failcnt },
    ...{ cache, rss, mapped_file, pgpgin, pgpgout, pgmajfault },
    ...{ inactive_anon, active_anon, inactive_file, active_file, unevictable },
  };
}

/** VMAs, runs of pages, in memory, in swap and in neither, and frames of a dump: a measure of its size. */
export function entriesOf(dump: Dump): number {
  return dump.procs.reduce(
    (sum, { vmas, pages, swap, offsets, devices }) =>
      sum +
      [[0], vmas, pages, swap, offsets, ...(devices ?? []).map(([, , shown]) => shown)]
        .map((list) => list?.length ?? 0)
        .reduce((all, length) => all + length, 0),
    dump.frames.length,
  );
}

/** Renames frames 0, 1, 2, ... in order of appearance. */
class FrameNumbers {
  readonly pages: Page[] = [];
  readonly #numbers = new Map<number, number>();

  constructor(private readonly kernel: Kernel) {}

  /** The number of a machine's frame in this dump. */
  of(frame: number): number {
    let number = this.#numbers.get(frame);
    if (number === undefined) {
      number = this.pages.length;
      this.#numbers.set(frame, number);
      this.pages.push(this.kernel.page(frame));
    }
    return number;
  }
}

function dumpDevice({ name, notifier }: NamedDevice, frames: FrameNumbers): DumpDevice {
  const shown = notifier.pages().map(({ address, frame, writable }): DumpShown => {
    const number = frame < 0 ? ZERO_FRAME : frames.of(frame);
    return [pageOf(address), number, writable ? "rw" : "r"];
  });
  return [name, notifier.model ?? "", shown];
}

function dumpProcess(named: NamedProcess, frames: FrameNumbers, shmem: ShmemNames): DumpProcess {
  const { name, parent, process } = named;
  const vmas = process.vmas();
  const runs: DumpPages[] = [];
  let zero = 0;
  let shmemPages = 0;
  for (const { address, frame } of process.pages()) {
    if (frame < 0) {
      zero++;
      runs.push([pageOf(address), ZERO_FRAME]);
      continue;
    }
    const number = frames.of(frame);
    if (isShmem(frames.pages[number])) shmemPages++;
    addToRuns(runs, pageOf(address), number);
  }
  // The kernel's own counters, so that a dump shows when they are wrong; v3.7 counts shmem as file.
  const { anon, file } = process.rss;
  const swap = swapRuns(process);
  const offsets = offsetRuns(process, vmas);
  return {
    name,
    parent,
    vmas: vmas.map((vma) => dumpVma(vma, shmem)),
    pages: runs,
    rss: { anon, file: file - shmemPages, shmem: shmemPages, zero },
    locked: process.lockedPages,
    ...(swap.length > 0 ? { swap } : {}),
    ...(offsets.length > 0 ? { offsets } : {}),
  };
}

function swapRuns(process: Process): DumpSwap[] {
  const runs: DumpSwap[] = [];
  for (const { address, area } of process.swapped()) {
    const page = pageOf(address);
    const last = runs.at(-1);
    const length = last?.[2] ?? 1;
    if (last !== undefined && last[1] === area && last[0] + length === page) {
      runs[runs.length - 1] = [last[0], area, length + 1];
    } else {
      runs.push([page, area]);
    }
  }
  return runs;
}

function offsetRuns(process: Process, vmas: readonly Vma[]): DumpOffsets[] {
  const runs: DumpOffsets[] = [];
  if (!vmas.some(({ flags }) => flags & VmFlag.Nonlinear)) return runs;
  for (const { address, pgoff } of process.fileEntries()) {
    const page = pageOf(address);
    const last = runs.at(-1);
    const length = last?.[2] ?? 1;
    if (last !== undefined && last[0] + length === page && last[1] + length === pgoff) {
      runs[runs.length - 1] = [last[0], last[1], length + 1];
    } else {
      runs.push([page, pgoff]);
    }
  }
  return runs;
}

function addToRuns(runs: DumpPages[], page: number, frame: number): void {
  const last = runs.at(-1);
  const length = last?.[2] ?? 1;
  const continues =
    last !== undefined &&
    last[1] !== ZERO_FRAME &&
    last[0] + length === page &&
    last[1] + length === frame;
  if (continues) runs[runs.length - 1] = [last[0], last[1], length + 1];
  else runs.push([page, frame]);
}

function dumpVma(vma: Vma, shmem: ShmemNames): DumpVma {
  const { file } = vma;
  const name = shmem.of(file);
  return [
    pageOf(vma.start),
    pageOf(vma.end),
    vma.perms,
    name,
    file === null ? null : vma.pgoff,
    tagsOf(vma.flags),
  ];
}

function tagsOf(flags: number): string {
  const tags: string[] = [];
  if (flags & VmFlag.Locked) tags.push("lo");
  if (flags & VmFlag.Mergeable) tags.push("mg");
  if (flags & VmFlag.Account) tags.push("ac");
  if (flags & VmFlag.Nonlinear) tags.push("nl");
  return tags.join(" ");
}

function isShmem(page: Page | undefined): boolean {
  return page !== undefined && !page.anon && page.swapBacked;
}

function dumpFrame(page: Page): DumpFrame {
  let flags = "";
  if (page.anon) flags += "A";
  if (page.mapcount > 0) flags += "M";
  if (page.ksm) flags += "K";
  if (page.flags & PageFlag.Mlocked) flags += "L";
  if (page.flags & PageFlag.Unevictable) flags += "U";
  if (page.flags & PageFlag.SwapBacked) flags += "S";
  if (page.flags & PageFlag.Referenced) flags += "R";
  if (page.flags & PageFlag.Dirty) flags += "D";
  return [page.mapcount, flags, page.word];
}
