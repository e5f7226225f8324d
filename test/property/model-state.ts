import { AnonVma } from "../model/anon-vma.js";
import type { AddressSpace, PresentEntry } from "../model/address-space.js";
import type { Cgroup } from "../model/cgroup.js";
import type { Inode } from "../model/file.js";
import { permissions, type Flags } from "../model/flags.js";
import { entryFor, places, type Place } from "../model/page-walk.js";
import type { Page } from "../model/page.js";
import type { ModelProcess } from "../model/process.js";
import { pageFlags } from "./model-flags.js";
import type { ModelSide } from "./model-side.js";
import { unmappedLines } from "./model-unmapped.js";
import { machineLines } from "./model-vmstat.js";
import { Naming } from "./naming.js";
import { SAMPLED } from "./sampled.js";
import { PAGE } from "./operation.js";

const LISTS = ["inactiveAnon", "activeAnon", "inactiveFile", "activeFile", "unevictable"] as const;

/** What the state looks like, one thing a line; core-state.ts writes the same for the core. */
export function modelState(side: ModelSide): string[] {
  const anonVmas = new Naming<AnonVma>("av");
  const inodes = new Naming<Inode>("i");
  const frames = new Naming<Page>("f");
  const mappings = new Map<Page, string[]>();
  const walks = new Walks();
  const lines: string[] = [];
  for (const [number, process] of side.processes.entries()) {
    if (!process.alive) continue;
    lines.push(...processLines(number, process, anonVmas, inodes));
    for (const [page, entry] of presentEntries(process)) {
      const frame = entry.page;
      lines.push(`P${number} page ${page} ${frame === null ? "zero" : frames.name(frame)}`);
      if (frame === null || !firstOfItsSpace(side, number)) continue;
      const found = mappings.get(frame) ?? [];
      // Of mappings of a page that KSM shares, and of those in nonlinear VMAs, walks may know nothing.
      const hidden = frame.isShared || process.space.at(page)?.flags.nonlinear === true;
      const known = !hidden || walks.reach(frame, process.space, page);
      if (known) found.push(`P${number}:${page}`);
      mappings.set(frame, found);
    }
  }
  for (const [number, device] of side.machine.devices.entries()) {
    for (const [page, shown] of [...device.shown].sort(([a], [b]) => a - b)) {
      const name = shown.page === null ? "zero" : frames.name(shown.page);
      const how = `${shown.writable ? "writable" : ""} ${shown.young ? "young" : ""}`;
      lines.push(`D${number} shows ${page} ${name} ${how}`);
    }
  }
  for (const frame of frames.things) {
    const { whole } = frame;
    const part = frame.index - whole.index;
    if (!SAMPLED.includes(part)) {
      lines.push(partLine(frames.name(frame), part, frames.name(whole), frame));
      continue;
    }
    if (whole.parts !== null) lines.push(`${frames.name(frame)} part of ${frames.name(whole)}`);
    const { index, word, pins } = frame;
    const { mapcount, references } = whole;
    const found = walks.placesOf(whole);
    const walked = found.filter((place) => entryFor(whole, place) !== undefined);
    lines.push(
      `${frames.name(frame)} stab ${found.length} walk ${walked.length}`,
      `${frames.name(frame)} in order ${inOrder(side, whole, walked)}`,
      `${frames.name(frame)} of ${ownerOf(frame, anonVmas, inodes)} index ${index} word ${word}` +
        ` mapcount ${mapcount} references ${references} pins ${pins} ${pageFlags(frame)}` +
        ` at ${(mappings.get(frame) ?? []).sort().join(" ")}`,
    );
  }
  lines.push(...unmappedLines(side, inodes));
  const { cgroups } = side.machine.memory;
  for (const cgroup of cgroups.living) lines.push(cgroupLine(cgroup, cgroups.counting));
  for (const [number, area] of side.machine.memory.swap.areas.entries()) {
    if (area === null) continue;
    const { pages, slots, priority } = area;
    lines.push(`area ${number} pages ${pages} used ${slots.size} priority ${priority}`);
  }
  lines.push(tokenLine(side));
  lines.push(`ksm changes ${side.machine.ksm.changes}`);
  lines.push(`broken ${side.machine.memory.broken}`);
  lines.push(`buffers missing ${side.machine.memory.buffersMissing}`);
  return lines.concat(machineLines(side, [...frames.things]));
}

function tokenLine({ machine, processes }: ModelSide): string {
  const { exists, holder, reads, agedAt } = machine.memory.token;
  if (!exists) return "no token";
  const of = processes.findIndex((process) => process.alive && process.space === holder);
  return `token of P${of} reads ${reads} aged at ${agedAt}`;
}

/** What a cgroup has on lists, and what it counts. */
function cgroupLine(cgroup: Cgroup, counting: boolean): string {
  const { number, lists, usage, maxUsage, failcnt, limit } = cgroup;
  const counted = counting ? Object.entries(cgroup.stat()).map(([name, n]) => `${name} ${n}`) : [];
  const counter =
    number === 0 ? "" : `usage ${usage} of ${limit} at most ${maxUsage} failed ${failcnt}`;
  return `cgroup ${number} ${LISTS.map((name) => lists.count(name)).join(" ")} ${counter} ${counted.join(" ")}`;
}

function partLine(name: string, part: number, first: string, page: Page): string {
  const { word, pins, memory } = page;
  const touched = memory.hasStorageKeys && page.touched ? "touched" : "";
  const changed = memory.hasStorageKeys && page.changed ? "changed" : "";
  return `${name} part ${part} of ${first} word ${word} pins ${pins} ${touched} ${changed}`;
}

/** What walks look at, found out once for each page: KSM may share one between thousands of places. */
class Walks {
  private readonly found = new Map<Page, readonly Place[]>();
  private readonly reached = new Map<Page, Map<AddressSpace, Set<number>>>();

  placesOf(page: Page): readonly Place[] {
    const found = this.found.get(page) ?? places(page);
    this.found.set(page, found);
    return found;
  }

  reach(page: Page, space: AddressSpace, address: number): boolean {
    const known = this.reached.get(page) ?? this.lookAt(page);
    return known.get(space)?.has(address) === true;
  }

  private lookAt(page: Page): Map<AddressSpace, Set<number>> {
    const reached = new Map<AddressSpace, Set<number>>();
    for (const { vma, address } of this.placesOf(page)) {
      const known = reached.get(vma.space) ?? new Set();
      reached.set(vma.space, known.add(address));
    }
    this.reached.set(page, reached);
    return reached;
  }
}

/** Where a walk of a small page finds it, in its order; of shared contents nobody says. */
function inOrder(side: ModelSide, page: Page, walked: readonly Place[]): string {
  if (page.isShared || page.parts !== null) return "";
  return walked.map(({ vma, address }) => `P${numberOf(side, vma.space)}:${address}`).join(" ");
}

/** The first process that runs there. */
function numberOf(side: ModelSide, space: AddressSpace): number {
  return side.processes.findIndex((process) => process.alive && process.space === space);
}

function ownerOf(page: Page, anonVmas: Naming<AnonVma>, inodes: Naming<Inode>): string {
  const { owner } = page.whole;
  if (owner instanceof AnonVma) return anonVmas.name(owner);
  return page.inode === null ? "ksm" : inodes.name(page.inode);
}

/** The VMAs and the RSS of one process alone. */
export function modelProcessState(side: ModelSide, number: number): string[] {
  const process = side.processes[number];
  if (process?.alive !== true) return [];
  return processLines(number, process, new Naming("av"), new Naming("i"));
}

function processLines(
  number: number,
  process: ModelProcess,
  anonVmas: Naming<AnonVma>,
  inodes: Naming<Inode>,
): string[] {
  const { anon, file, shmem, swap } = process.residence();
  return [
    `P${number} rss anon ${anon} file ${file + shmem} swap ${swap} locked ${process.space.lockedPages}` +
      ` signal ${process.signal?.name ?? "none"} ${process.signal?.address ?? 0}` +
      standing(process),
    ...swapEntries(process).map(([address, area]) => `P${number} ${address} in area ${area}`),
    ...namedEntries(process).map(([address, pgoff]) => `P${number} ${address} names ${pgoff}`),
    ...process.space.vmas.map(
      (vma) =>
        `P${number} vma ${vma.start * PAGE}-${vma.end * PAGE} ${permissions(vma.flags)}` +
        ` pgoff ${vma.pgoff} ${vma.file === null ? "anon" : inodes.name(vma.file.inode)}` +
        ` ${vma.anonVma === null ? "-" : anonVmas.name(vma.anonVma)} ${extras(vma.flags)}`,
    ),
  ];
}

/** How it stands with the swap token, and whether it is inside a fault. */
function standing({ space, isHeld }: ModelProcess): string {
  const { priority, interval, stamp } = space.standing;
  return `${isHeld ? " held" : ""} token ${priority} ${interval} ${stamp}`;
}

function swapEntries({ space }: ModelProcess): [address: number, area: number][] {
  return [...space.entries]
    .flatMap(([page, entry]): [number, number][] => {
      if (!("slot" in entry)) return [];
      return [[page * PAGE, space.memory.swap.areas.indexOf(entry.slot.area)]];
    })
    .sort(([a], [b]) => a - b);
}

function namedEntries({ space }: ModelProcess): [address: number, pgoff: number][] {
  return [...space.entries]
    .flatMap(([page, entry]): [number, number][] =>
      "pgoff" in entry ? [[page * PAGE, entry.pgoff]] : [],
    )
    .sort(([a], [b]) => a - b);
}

function extras(flags: Flags): string {
  return [
    flags.account ? "account" : "",
    flags.noReserve ? "noreserve" : "",
    flags.growsDown ? "growsdown" : "",
    flags.sequential ? "sequential" : "",
    flags.random ? "random" : "",
    flags.dontCopy ? "dontcopy" : "",
    flags.locked ? "locked" : "",
    flags.mergeable ? "mergeable" : "",
    flags.nonlinear ? "nonlinear" : "",
    flags.hugePage ? "hugepage" : "",
    flags.noHugePage ? "nohugepage" : "",
  ].join(",");
}

function presentEntries(process: ModelProcess): [number, PresentEntry][] {
  return [...process.space.entries]
    .filter((item): item is [number, PresentEntry] => "page" in item[1])
    .sort(([a], [b]) => a - b);
}

/** Processes that share an address space have one page table between them. */
function firstOfItsSpace(side: ModelSide, number: number): boolean {
  const space = side.processes[number]?.space;
  return side.processes.findIndex((process) => process.alive && process.space === space) === number;
}
