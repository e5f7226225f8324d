import type { Cgroup, CgroupStat } from "./cgroup.js";
import type { Device } from "./device.js";
import type { PresentEntry } from "./address-space.js";
import type { Inode } from "./file.js";
import { permissions } from "./flags.js";
import type { Page } from "./page.js";
import type { ModelProcess } from "./process.js";
import type { Vma } from "./vma.js";

type VmaRow = [
  start: number,
  end: number,
  perms: string,
  file: string | null,
  pgoff: number | null,
  tags: string,
];
type PageRow = [page: number, frame: number] | [page: number, frame: number, count: number];
type SwapRow = [page: number, area: number] | [page: number, area: number, count: number];
type ShownRow = [page: number, frame: number, how: "r" | "rw"];
type DeviceRow = [name: string, model: string, shown: ShownRow[]];
type FrameRow = [mapcount: number, flags: string, word: number];

/** One process of a dump. */
export interface ProcessDump {
  readonly name: string;
  readonly parent: string | null;
  readonly vmas: VmaRow[];
  readonly pages: PageRow[];
  readonly rss: { anon: number; file: number; shmem: number; zero: number };
  readonly locked: number;
  /** Pages on swap and the number of their area; left out if there are none. */
  readonly swap?: SwapRow[];
  /** Which pages of their file entries name that show none; left out if there are none. */
  readonly offsets?: SwapRow[];
  /** Who has a table of its own; left out if there is nobody. */
  readonly devices?: DeviceRow[];
}

/** The state at one moment, in the form that the live kernel's was written in. */
export interface Dump {
  readonly label: string;
  readonly procs: ProcessDump[];
  readonly frames: FrameRow[];
  /** Cgroups but the root, in scripts that have any. */
  readonly memcgs?: CgroupRow[];
}

/** What a cgroup counts, in pages. */
export interface CgroupRow extends CgroupStat {
  readonly name: string;
  readonly parent: string | null;
  readonly limit: number | null;
  readonly usage: number;
  readonly failcnt: number;
  readonly inactive_anon: number;
  readonly active_anon: number;
  readonly inactive_file: number;
  readonly active_file: number;
  readonly unevictable: number;
}

/** Those that were not removed. @param names by number */
export function cgroupRows(cgroups: readonly Cgroup[], names: readonly string[]): CgroupRow[] {
  return cgroups
    .filter(({ number, removed }) => number > 0 && !removed)
    .map((cgroup): CgroupRow => {
      const { number, parent, limit, usage, failcnt, lists } = cgroup;
      return {
        name: names[number] ?? "",
        parent: names[parent?.number ?? 0] ?? null,
        limit: limit === Infinity ? null : limit,
        usage,
        failcnt,
        ...cgroup.stat(),
        inactive_anon: lists.count("inactiveAnon"),
        active_anon: lists.count("activeAnon"),
        inactive_file: lists.count("inactiveFile"),
        active_file: lists.count("activeFile"),
        unevictable: lists.count("unevictable"),
      };
    });
}

/** The dump without page flags R and D, which depend on the LRU and are not compared; a VMA's tags in one order. */
export function comparable(dump: Dump): Dump {
  return {
    ...dump,
    procs: dump.procs.map((process) => ({
      ...process,
      vmas: process.vmas.map(([start, end, perms, file, pgoff, tags]) => {
        return [start, end, perms, file, pgoff, tags.split(" ").sort().join(" ")];
      }),
    })),
    frames: dump.frames.map(([mapcount, flags, word]) => [
      mapcount,
      flags.replace(/[RD]/g, ""),
      word,
    ]),
  };
}

/** A process and what the script calls it. */
export interface NamedProcess {
  readonly name: string;
  readonly process: ModelProcess;
}

/** Writes dumps of one script run; shared anonymous objects keep their number from dump to dump. */
/** A device, and what the script calls it. */
export interface NamedDevice {
  readonly name: string;
  readonly owner: string;
  readonly device: Device;
}

export class Dumper {
  private readonly shmNames = new Map<Inode, string>();

  /** `arena` is the page number that the script calls 0. */
  constructor(private readonly arena: number) {}

  dump(
    label: string,
    processes: readonly NamedProcess[],
    devices: readonly NamedDevice[] = [],
  ): Dump {
    const frames = new Map<Page, number>();
    const names = new Map(processes.map(({ name, process }) => [process, name]));
    const procs = processes
      .filter(({ process }) => process.alive)
      .map(({ name, process }): ProcessDump => {
        const { anon, file, shmem, zero } = process.residence();
        const swap = this.swapRows(process);
        const offsets = this.offsetRows(process);
        return {
          name,
          parent: process.parent === null ? null : (names.get(process.parent) ?? null),
          vmas: process.space.vmas.map((vma) => this.vmaRow(vma)),
          pages: this.pageRows(process, frames),
          rss: { anon, file, shmem, zero },
          locked: process.space.lockedPages,
          ...(swap.length > 0 ? { swap } : {}),
          ...(offsets.length > 0 ? { offsets } : {}),
          ...this.devicesOf(name, devices, frames),
        };
      });
    return {
      label,
      procs,
      frames: [...frames.keys()].map((page) => {
        return [page.whole.mapcount, pageFlags(page.whole), page.word];
      }),
    };
  }

  private devicesOf(
    process: string,
    devices: readonly NamedDevice[],
    frames: ReadonlyMap<Page, number>,
  ): { devices?: DeviceRow[] } {
    const own = devices.filter(({ owner, device }) => owner === process && device.attached);
    if (own.length === 0) return {};
    const rows = own.map(({ name, device }): DeviceRow => {
      const shown = [...device.shown]
        .sort(([a], [b]) => a - b)
        .map(([address, { page, writable }]): ShownRow => {
          const frame = page === null ? -1 : (frames.get(page) ?? NaN);
          return [address - this.arena, frame, writable ? "rw" : "r"];
        });
      return [name, device.kind, shown];
    });
    return { devices: rows };
  }

  private swapRows({ space }: ModelProcess): SwapRow[] {
    const { areas } = space.memory.swap;
    const places = [...space.entries]
      .flatMap(([address, entry]): [number, number][] =>
        "slot" in entry ? [[address - this.arena, areas.indexOf(entry.slot.area)]] : [],
      )
      .sort(([a], [b]) => a - b);
    const runs: [page: number, area: number, count: number][] = [];
    for (const [page, area] of places) {
      const last = runs.at(-1);
      if (last?.[1] === area && last[0] + last[2] === page) last[2]++;
      else runs.push([page, area, 1]);
    }
    return runs.map(([page, area, count]) => (count === 1 ? [page, area] : [page, area, count]));
  }

  private offsetRows({ space }: ModelProcess): SwapRow[] {
    const named = [...space.entries]
      .flatMap(([address, entry]): [number, number][] =>
        "pgoff" in entry ? [[address - this.arena, entry.pgoff]] : [],
      )
      .sort(([a], [b]) => a - b);
    const runs: [page: number, pgoff: number, count: number][] = [];
    for (const [page, pgoff] of named) {
      const last = runs.at(-1);
      if (last !== undefined && last[0] + last[2] === page && last[1] + last[2] === pgoff)
        last[2]++;
      else runs.push([page, pgoff, 1]);
    }
    return runs.map(([page, pgoff, count]) => (count === 1 ? [page, pgoff] : [page, pgoff, count]));
  }

  private vmaRow(vma: Vma): VmaRow {
    const tags = [
      vma.flags.locked ? ["lo"] : [],
      vma.flags.mergeable ? ["mg"] : [],
      vma.flags.account ? ["ac"] : [],
      vma.flags.nonlinear ? ["nl"] : [],
    ];
    return [
      vma.start - this.arena,
      vma.end - this.arena,
      permissions(vma.flags),
      vma.file === null ? null : this.fileName(vma.file.inode, vma.file.name),
      vma.file === null ? null : vma.pgoff,
      tags.flat().join(" "),
    ];
  }

  private fileName(inode: Inode, name: string): string {
    if (inode.kind !== "shmem") return name;
    const known = this.shmNames.get(inode) ?? `#shm${String(this.shmNames.size)}`;
    this.shmNames.set(inode, known);
    return known;
  }

  /** Runs of pages in runs of frames; frames are numbered as they are met. */
  private pageRows(process: ModelProcess, frames: Map<Page, number>): PageRow[] {
    const rows: PageRow[] = [];
    const present = [...process.space.entries]
      .filter((item): item is [number, PresentEntry] => "page" in item[1])
      .sort(([a], [b]) => a - b);
    for (const [address, entry] of present) {
      const page = address - this.arena;
      const frame = entry.page === null ? -1 : (frames.get(entry.page) ?? frames.size);
      if (entry.page !== null) frames.set(entry.page, frame);
      const last = rows.at(-1);
      const count = last?.[2] ?? 1;
      if (
        last !== undefined &&
        last[1] >= 0 &&
        page === last[0] + count &&
        frame === last[1] + count
      ) {
        rows[rows.length - 1] = [last[0], last[1], count + 1];
      } else {
        rows.push([page, frame]);
      }
    }
    return rows;
  }
}

function pageFlags(page: Page): string {
  const flags = [
    page.anon ? "A" : "",
    "M",
    page.isShared ? "K" : "",
    page.mlocked ? "L" : "",
    page.unevictable ? "U" : "",
    page.swapBacked ? "S" : "",
  ];
  return flags.join("");
}
