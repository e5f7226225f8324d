import { AnonVma } from "../model/anon-vma.js";
import type { PresentEntry } from "../model/address-space.js";
import type { Inode } from "../model/file.js";
import { permissions, type Flags } from "../model/flags.js";
import type { Page } from "../model/page.js";
import type { ModelProcess } from "../model/process.js";
import type { ModelSide } from "./model-side.js";
import { Naming } from "./naming.js";
import { PAGE } from "./operation.js";

/** What the state looks like, one thing a line; core-state.ts writes the same for the core. */
export function modelState(side: ModelSide): string[] {
  const anonVmas = new Naming<AnonVma>("av");
  const inodes = new Naming<Inode>("i");
  const frames = new Naming<Page>("f");
  const mappings = new Map<Page, string[]>();
  const lines: string[] = [];
  for (const [number, process] of side.processes.entries()) {
    if (!process.alive) continue;
    lines.push(...processLines(number, process, anonVmas, inodes));
    for (const [page, entry] of presentEntries(process)) {
      const frame = entry.page;
      lines.push(`P${number} page ${page} ${frame === null ? "zero" : frames.name(frame)}`);
      if (frame === null || !firstOfItsSpace(side, number)) continue;
      const found = mappings.get(frame) ?? [];
      found.push(`P${number}:${page}`);
      mappings.set(frame, found);
    }
  }
  for (const frame of frames.things) {
    const owner =
      frame.owner instanceof AnonVma
        ? anonVmas.name(frame.owner)
        : frame.inode === null
          ? "ksm"
          : inodes.name(frame.inode);
    lines.push(
      `${frames.name(frame)} stab ${frame.candidates("list").length} walk ${frame.mapcount}`,
    );
    lines.push(
      `${frames.name(frame)} of ${owner} index ${frame.index} word ${frame.word}` +
        ` mapcount ${frame.mapcount}${frame.slot === null ? "" : " swapcache"}` +
        ` at ${(mappings.get(frame) ?? []).sort().join(" ")}`,
    );
  }
  return lines;
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
    `P${number} rss anon ${anon} file ${file + shmem} swap ${swap}`,
    ...process.space.vmas.map(
      (vma) =>
        `P${number} vma ${vma.start * PAGE}-${vma.end * PAGE} ${permissions(vma.flags)}` +
        ` pgoff ${vma.pgoff} ${vma.file === null ? "anon" : inodes.name(vma.file.inode)}` +
        ` ${vma.anonVma === null ? "-" : anonVmas.name(vma.anonVma)} ${extras(vma.flags)}`,
    ),
  ];
}

function extras(flags: Flags): string {
  return [
    flags.account ? "account" : "",
    flags.noReserve ? "noreserve" : "",
    flags.sequential ? "sequential" : "",
    flags.random ? "random" : "",
    flags.dontCopy ? "dontcopy" : "",
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
