import type { MemoryCgroup, Page, Process, Vma } from "../../bindings/index.js";
import { VmFlag } from "../../assembly/abi/flag.js";
import { pageFlags } from "./core-flags.js";
import type { CoreSide } from "./core-side.js";
import { unmappedLines } from "./core-unmapped.js";
import { Naming } from "./naming.js";
import { SAMPLED } from "./sampled.js";
import { PAGE } from "./operation.js";

/** The model counts neither faults nor frames. */
const UNCOMPARED: readonly string[] = ["pgfault", "nr_free_pages"];

/** What the core's state looks like, one thing a line, as model-state.ts writes it for the model. */
export function coreState(side: CoreSide): string[] {
  const anonVmas = new Naming<number>("av");
  const inodes = new Naming<number>("i");
  const frames = new Naming<number>("f");
  const numbers = new Map(side.processes.map((process, number) => [process.pid, number]));
  const lines: string[] = [];
  for (const [number, process] of side.processes.entries()) {
    if (!process.alive) continue;
    lines.push(...processLines(number, process, anonVmas, inodes));
    for (const { address, frame } of process.pages()) {
      const name = frame < 0 ? "zero" : frames.name(frame);
      lines.push(`P${number} page ${address / PAGE} ${name}`);
    }
  }
  for (const [number, device] of side.devices.entries()) {
    if (!device.registered) continue;
    for (const { address, frame, writable, young } of device.pages()) {
      const name = frame < 0 ? "zero" : frames.name(frame);
      const how = `${writable ? "writable" : ""} ${young ? "young" : ""}`;
      lines.push(`D${number} shows ${address / PAGE} ${name} ${how}`);
    }
  }
  for (const frame of frames.things) {
    const page = side.kernel.page(frame);
    const first = page.hugePage?.frame ?? frame;
    if (first !== frame && !SAMPLED.includes(frame - first)) {
      lines.push(partLine(frames.name(frame), frame - first, frames.name(first), page));
      continue;
    }
    if (page.hugePage !== null) lines.push(`${frames.name(frame)} part of ${frames.name(first)}`);
    const { index, word, mapcount, refcount, pins } = page;
    const owner = page.ksm
      ? "ksm"
      : page.anon
        ? anonVmas.name(page.anonVma)
        : inodes.name(page.inode);
    const mappings = page
      .mappings()
      .map(({ process, address }) => `P${numbers.get(process.pid) ?? "?"}:${address / PAGE}`);
    const isOrdered = !page.ksm && page.hugePage === null;
    lines.push(
      `${frames.name(frame)} stab ${side.kernel.stab(page)} walk ${side.kernel.rmapWalk(page)}`,
      `${frames.name(frame)} in order ${isOrdered ? mappings.join(" ") : ""}`,
      `${frames.name(frame)} of ${owner} index ${index} word ${word} mapcount ${mapcount}` +
        ` references ${refcount} pins ${pins} ${pageFlags(page)} at ${mappings.sort().join(" ")}`,
    );
  }
  lines.push(...unmappedLines(side, inodes, frames.things));
  for (const cgroup of side.cgroups) {
    if (cgroup.exists) lines.push(cgroupLine(cgroup, side.cgroups.length > 1));
  }
  for (const { number, pages, used, priority } of side.kernel.swapAreas) {
    lines.push(`area ${number} pages ${pages} used ${used} priority ${priority}`);
  }
  lines.push(tokenLine(side));
  lines.push(`ksm changes ${side.kernel.ksm.changes}`);
  lines.push(`broken ${side.kernel.hardwareCorrupted}`);
  lines.push(`buffers missing ${side.kernel.counters.buffersMissing}`);
  return lines.concat(
    Object.entries(side.kernel.vmstat())
      .filter(([name]) => !UNCOMPARED.includes(name))
      .map(([name, value]) => `${name} ${value}`)
      .sort(),
  );
}

function tokenLine({ kernel, processes }: CoreSide): string {
  const token = kernel.swapToken;
  if (token === null) return "no token";
  const { holder, globalFaults, lastAging } = token;
  const of = processes.findIndex((process) => process.pid === holder?.pid);
  return `token of P${of} reads ${globalFaults} aged at ${lastAging}`;
}

/** What a part of a huge page has to itself; a few are asked for all else as well, which must be that of the first. */
function partLine(
  name: string,
  part: number,
  first: string,
  { word, pins, storageKey }: Page,
): string {
  const touched = storageKey?.referenced === true ? "touched" : "";
  const changed = storageKey?.changed === true ? "changed" : "";
  return `${name} part ${part} of ${first} word ${word} pins ${pins} ${touched} ${changed}`;
}

/** What a cgroup has on lists, and what it counts. */
function cgroupLine(cgroup: MemoryCgroup, counting: boolean): string {
  const { number, usage, maxUsage, failcnt } = cgroup;
  const { cache, rss, mapped_file, pgpgin, pgpgout, pgmajfault } = cgroup.stat();
  const stat = { cache, rss, mapped_file, pgpgin, pgpgout, pgmajfault };
  const counted = counting ? Object.entries(stat).map(([name, n]) => `${name} ${n}`) : [];
  const limit = cgroup.limit ?? Infinity;
  const counter =
    number === 0 ? "" : `usage ${usage} of ${limit} at most ${maxUsage} failed ${failcnt}`;
  return `cgroup ${number} ${Object.values(cgroup.lru()).join(" ")} ${counter} ${counted.join(" ")}`;
}

/** The VMAs and the RSS of one process alone. */
export function coreProcessState(side: CoreSide, number: number): string[] {
  const process = side.processes[number];
  if (process?.alive !== true) return [];
  return processLines(number, process, new Naming("av"), new Naming("i"));
}

function processLines(
  number: number,
  process: Process,
  anonVmas: Naming<number>,
  inodes: Naming<number>,
): string[] {
  const { anon, file, swap } = process.rss;
  // Looking for them takes long, and verify() recounts them anyway.
  const swapped = swap > 0 ? process.swapped() : [];
  const vmas = process.vmas();
  const named = vmas.some(({ flags }) => flags & VmFlag.Nonlinear) ? process.fileEntries() : [];
  return [
    `P${number} rss anon ${anon} file ${file} swap ${swap} locked ${process.lockedPages}` +
      ` signal ${process.signal?.name ?? "none"} ${process.signal?.address ?? 0}` +
      standing(process),
    ...swapped.map(({ address, area }) => `P${number} ${address} in area ${area}`),
    ...named.map(({ address, pgoff }) => `P${number} ${address} names ${pgoff}`),
    ...vmas.map(
      (vma) =>
        `P${number} vma ${vma.start}-${vma.end} ${vma.perms}` +
        ` pgoff ${vma.pgoff} ${vma.file === null ? "anon" : inodes.name(vma.file.inode)}` +
        ` ${vma.anonVma === 0 ? "-" : anonVmas.name(vma.anonVma)} ${extras(vma)}`,
    ),
  ];
}

function extras(vma: Vma): string {
  const has = (flag: VmFlag, name: string): string => ((vma.flags & flag) === 0 ? "" : name);
  return [
    has(VmFlag.Account, "account"),
    has(VmFlag.NoReserve, "noreserve"),
    has(VmFlag.GrowsDown, "growsdown"),
    has(VmFlag.SeqRead, "sequential"),
    has(VmFlag.RandRead, "random"),
    has(VmFlag.DontCopy, "dontcopy"),
    has(VmFlag.Locked, "locked"),
    has(VmFlag.Mergeable, "mergeable"),
    has(VmFlag.Nonlinear, "nonlinear"),
    has(VmFlag.HugePage, "hugepage"),
    has(VmFlag.NoHugePage, "nohugepage"),
  ].join(",");
}

/** How it stands with the swap token, and whether it is inside a fault. */
function standing({ tokenState, held }: Process): string {
  const { priority = 0, interval = 0, faultstamp = 0 } = tokenState ?? {};
  return `${held ? " held" : ""} token ${priority} ${interval} ${faultstamp}`;
}
