// Whether two dump documents say the same: reverse maps up to the numbering of frames, everything else
// exactly, without what depends on the details of page ageing (flags R and D).

import type {
  Dump,
  DumpCgroup,
  DumpDocument,
  DumpFrame,
  DumpOffsets,
  DumpProcess,
  DumpResult,
  DumpSwap,
} from "./dump.js";
import { ZERO_FRAME } from "./dump.js";

/** How the two documents are called in the differences. */
export type DocumentNames = readonly [first: string, second: string];

/** One thing that two machines show otherwise. */
export interface Difference {
  /** What was looked at: "A: rss anon". */
  readonly what: string;
  readonly a: string | number;
  readonly b: string | number;
}

/** What `a` and `b` of a difference say when a thing is on one side only. */
export const THERE = "there";
export const NOT_THERE = "not there";

/** A difference as a sentence. */
export function differenceInWords(
  { what, a, b }: Difference,
  [first, second]: DocumentNames,
): string {
  if (b === NOT_THERE) return `${what} is only in ${first}`;
  if (a === NOT_THERE) return `${what} is only in ${second}`;
  return `${what}: ${a} in ${first}, ${b} in ${second}`;
}

/**
 * Everything that two dumps of rmaplab's own machines show otherwise, but the numbering of frames: all flags, pages in
 * swap, offsets, tables of devices and memory cgroups too.
 */
export function dumpDifferences(a: Dump, b: Dump): Difference[] {
  const comparison = new Comparison(true);
  comparison.dumps("", a, b);
  return comparison.differences;
}

/**
 * The differences between two dump documents, one sentence each; none if they agree.
 *
 * Compared: labels, processes and parents, VMA lists with their tags, which pages share a frame, the
 * zero page, mapcount, flags A M K L U S, first word, rss, locked, results. Not compared: who made the
 * document, frame numbers, flags R and D, the order of a VMA's tags, pages in swap, and
 * offsets that entries keep, of which recorded documents do not tell. A difference in the tag ac alone need not be a defect when one document is a
 * later kernel's: 6.18 stops accounting a private VMA that was never faulted when it loses write
 * permission.
 */
export function compareDumps(
  a: DumpDocument,
  b: DumpDocument,
  names: DocumentNames = ["the first", "the second"],
): string[] {
  const comparison = new Comparison(false);
  comparison.documents(a, b);
  return comparison.differences.map((difference) => differenceInWords(difference, names));
}

class Comparison {
  readonly differences: Difference[] = [];

  /** @param exact look at what a later kernel, or other ageing of pages, would show otherwise as well */
  constructor(private readonly exact: boolean) {}

  documents(a: DumpDocument, b: DumpDocument): void {
    this.#same(
      "dumps",
      a.dumps.map(({ label }) => label).join(", "),
      b.dumps.map(({ label }) => label).join(", "),
    );
    for (const [i, dump] of a.dumps.entries()) {
      const other = b.dumps[i];
      if (other?.label === dump.label) this.dumps(`dump ${dump.label}`, dump, other);
    }
    this.#results(a.results, b.results);
  }

  /** @param name what each difference begins with; empty if there is but one dump */
  dumps(name: string, a: Dump, b: Dump): void {
    const where = name && `${name}: `;
    const inDump = name && `${name}, `;
    this.#same(
      `${where}processes`,
      a.procs.map(identity).join(", "),
      b.procs.map(identity).join(", "),
    );
    for (const process of a.procs) {
      const other = b.procs.find(({ name }) => name === process.name);
      if (other !== undefined) this.#processes(`${inDump}${process.name}`, process, other);
    }
    this.#reverseMaps(where, a, b);
    if (this.exact) this.#cgroups(where, a.memcgs ?? [], b.memcgs ?? []);
  }

  #cgroups(where: string, a: readonly DumpCgroup[], b: readonly DumpCgroup[]): void {
    this.#lists(
      `${where}cgroup`,
      a.map(({ name }) => name),
      b.map(({ name }) => name),
    );
    for (const group of a) {
      const other = b.find(({ name }) => name === group.name);
      if (other === undefined) continue;
      for (const key of Object.keys(group) as (keyof DumpCgroup)[]) {
        this.#same(`${where}${group.name}: ${key}`, group[key] ?? "none", other[key] ?? "none");
      }
    }
  }

  #processes(where: string, a: DumpProcess, b: DumpProcess): void {
    this.#lists(`${where}: VMA`, a.vmas.map(vmaInWords), b.vmas.map(vmaInWords));
    for (const kind of ["anon", "file", "shmem", "zero"] as const) {
      this.#same(`${where}: rss ${kind}`, a.rss[kind], b.rss[kind]);
    }
    this.#same(`${where}: locked`, a.locked, b.locked);
    if (!this.exact) return;
    this.#lists(`${where}: pages in swap`, runsInWords(a.swap), runsInWords(b.swap));
    this.#lists(`${where}: offsets`, runsInWords(a.offsets), runsInWords(b.offsets));
    this.#lists(`${where}: shown by`, devicesInWords(a), devicesInWords(b));
  }

  /** Frames are the same if the same pages name them. */
  #reverseMaps(where: string, a: Dump, b: Dump): void {
    const mapsA = new ReverseMap(a);
    const mapsB = new ReverseMap(b);
    for (const place of new Set([...mapsA.frames.keys(), ...mapsB.frames.keys()])) {
      const frameA = mapsA.frames.get(place);
      const frameB = mapsB.frames.get(place);
      const sharersA = mapsA.inWords(frameA);
      const sharersB = mapsB.inWords(frameB);
      if (sharersA !== sharersB) {
        this.#same(`${where}frame of ${place}`, sharersA, sharersB);
      } else if (mapsA.isFirst(place, frameA)) {
        this.#frames(`${where}frame of ${sharersA}`, a.frames[frameA ?? 0], b.frames[frameB ?? 0]);
      }
    }
  }

  #frames(where: string, a: DumpFrame | undefined, b: DumpFrame | undefined): void {
    this.#same(`${where}: mapcount`, a?.[0] ?? "none", b?.[0] ?? "none");
    this.#same(`${where}: flags`, this.#flags(a), this.#flags(b));
    this.#same(`${where}: first word`, a?.[2] ?? "none", b?.[2] ?? "none");
  }

  #flags(frame: DumpFrame | undefined): string {
    if (frame === undefined) return "none";
    return this.exact ? frame[1] || "no flags" : frame[1].replace(/[^AMKLUS]/g, "");
  }

  #results(a: readonly DumpResult[], b: readonly DumpResult[]): void {
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const resultA = a[i];
      const resultB = b[i];
      const line = resultA?.[0] ?? resultB?.[0];
      this.#same(`line ${line}: result`, resultInWords(resultA), resultInWords(resultB));
    }
  }

  #lists(what: string, a: readonly string[], b: readonly string[]): void {
    const inA = new Set(a);
    const inB = new Set(b);
    for (const item of inA) {
      if (!inB.has(item)) {
        this.differences.push({ what: `${what} ${item}`, a: THERE, b: NOT_THERE });
      }
    }
    for (const item of inB) {
      if (!inA.has(item)) {
        this.differences.push({ what: `${what} ${item}`, a: NOT_THERE, b: THERE });
      }
    }
  }

  #same(what: string, a: string | number, b: string | number): void {
    if (a !== b) this.differences.push({ what, a, b });
  }
}

/** Which places of a dump hold which frame. A place is a process and a page, "A 17". */
class ReverseMap {
  /** Place -> frame of the dump. */
  readonly frames = new Map<string, number>();
  readonly #places = new Map<number, string[]>();
  readonly #words = new Map<number, string>();

  constructor(dump: Dump) {
    for (const { name, pages } of dump.procs) {
      for (const [page, frame, count = 1] of pages) {
        for (let i = 0; i < count; i++) {
          this.#add(`${name} ${page + i}`, frame === ZERO_FRAME ? frame : frame + i);
        }
      }
    }
  }

  /** All places of a frame in one string, equal for equal sets. */
  inWords(frame: number | undefined): string {
    if (frame === undefined) return "nothing";
    if (frame === ZERO_FRAME) return "the zero page";
    let words = this.#words.get(frame);
    if (words === undefined) {
      words = `[${[...(this.#places.get(frame) ?? [])].sort().join(", ")}]`;
      this.#words.set(frame, words);
    }
    return words;
  }

  /** True for the one place at which a frame's own fields are compared. */
  isFirst(place: string, frame: number | undefined): boolean {
    return frame !== undefined && frame !== ZERO_FRAME && this.#places.get(frame)?.[0] === place;
  }

  #add(place: string, frame: number): void {
    this.frames.set(place, frame);
    const places = this.#places.get(frame);
    if (places === undefined) this.#places.set(frame, [place]);
    else places.push(place);
  }
}

function identity({ name, parent }: DumpProcess): string {
  return parent === null ? name : `${name} (child of ${parent})`;
}

function vmaInWords([start, end, perms, file, pgoff, tags]: DumpProcess["vmas"][number]): string {
  const backing = file === null ? "anon" : `${file}:${pgoff}`;
  const sorted = tags === "" ? [] : tags.split(" ").sort();
  return [`${start}-${end}`, perms, backing, ...sorted].join(" ");
}

/** "10" or "10-13", and what is there: an area, or a page offset. */
function runsInWords(runs: readonly (DumpSwap | DumpOffsets)[] = []): string[] {
  return runs.map(([page, at, count = 1]) => {
    return `${count === 1 ? page : `${page}-${page + count - 1}`}: ${at}`;
  });
}

/** Pages that devices show, without frame numbers: those are compared by the pages that map them. */
function devicesInWords({ devices = [] }: DumpProcess): string[] {
  return devices.flatMap(([name, , shown]) =>
    shown.map(([page, , how]) => `${name} ${page} ${how}`),
  );
}

function resultInWords(result: DumpResult | undefined): string {
  return result === undefined ? "none" : `${result[1]} ${result[2]}`;
}
