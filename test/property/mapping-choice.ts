import type { Inode } from "../model/file.js";
import type { Flags, Protection } from "../model/flags.js";
import { HUGE } from "../model/units.js";
import type { Vma } from "../model/vma.js";
import type { Draws } from "./draws.js";
import type { ModelSide } from "./model-side.js";
import {
  ARENA_PAGE,
  PAGE,
  type MmapOperation,
  type MremapOperation,
  type RemapOperation,
} from "./operation.js";

const LENGTHS = [1, 1, 1, 2, 2, 3, 4, 6, 8, 16, 24];
/** In an arena where huge pages fit. */
const LARGE_LENGTHS = [HUGE, HUGE, HUGE, 2 * HUGE, HUGE + 1, HUGE - 1, 40, ...LENGTHS];
const PROTECTIONS: readonly Protection[] = ["rw", "rw", "rw", "rw", "r", "r", "none", "rwx"];
const RARE_PROTECTIONS: readonly Protection[] = ["rx", "wx", "x", "w"];

type Content = Pick<MmapOperation, "prot" | "shared" | "file" | "pgoff" | "noReserve" | "locked">;

/** An arena of that many pages has room for huge ones. */
export function isLarge(span: number): boolean {
  return span >= 2 * HUGE;
}

/** What a huge page may be in. */
const PLAIN = { shared: false, file: null, growsDown: false, prot: "rw" } as const;

interface Range {
  readonly start: number;
  readonly pages: number;
}

/**
 * Chooses mappings and ranges of one address space so that something comes of them: neighbours that could merge,
 * ranges that a move brought away, offsets that continue. Places are pages.
 */
export class MappingChoice {
  constructor(
    private readonly draws: Draws,
    private readonly model: ModelSide,
    private readonly vmas: readonly Vma[],
    /** Size of the arena in pages. */
    private readonly span: number,
  ) {}

  mmap(process: number): MmapOperation {
    const { start, pages } = this.hole() ?? this.anywhere();
    const neighbours = this.vmas.filter((vma) => vma.end === start || vma.start === start + pages);
    const like = this.draws.chance(1, 5) ? undefined : neighbours[0];
    const mode = this.draws.below(64);
    return {
      op: "mmap",
      process,
      address: mode === 63 ? null : this.address(start),
      length: this.bytes(pages),
      fixed: mode >= 62 ? false : mode === 61 ? "no-replace" : true,
      growsDown: this.draws.chance(1, 16),
      stackSetup: this.draws.chance(1, 60),
      ...(like === undefined ? this.stranger() : this.continuation(like, start)),
      ...(pages >= HUGE && this.draws.chance(5, 6) ? PLAIN : {}),
    };
  }

  /** Huge pages fit into the arena, but into no VMA. */
  get lacksRoom(): boolean {
    return isLarge(this.span) && this.roomy.length === 0;
  }

  /** A mapping that huge pages fit into. */
  roomyMmap(process: number): MmapOperation {
    const start = ARENA_PAGE + this.draws.below(this.span / HUGE) * HUGE;
    const length = this.draws.pick([HUGE, 2 * HUGE, 2 * HUGE, 3 * HUGE + 8]) * PAGE;
    return { ...this.mmap(process), ...PLAIN, address: start * PAGE, length, fixed: true };
  }

  /** What would merge with `like`, mostly. */
  private continuation(like: Vma, start: number): Content {
    const file = this.model.files.findIndex((open) => open === like.file);
    return {
      prot: this.draws.chance(1, 4) ? this.anyProtection() : protectionOf(like.flags),
      shared: like.flags.shared,
      file: file < 0 ? null : file,
      pgoff: Math.max(0, like.pgoffOf(start)),
      noReserve: like.flags.noReserve,
      locked: like.flags.locked && this.draws.chance(1, 4),
    };
  }

  private stranger(): Content {
    const { files } = this.model;
    return {
      prot: this.anyProtection(),
      shared: this.draws.chance(1, 6),
      file: files.length > 0 && this.draws.chance(1, 3) ? this.draws.below(files.length) : null,
      pgoff: this.draws.below(24),
      noReserve: this.draws.chance(1, 24),
      locked: this.draws.chance(1, 40),
    };
  }

  mremap(process: number): MremapOperation {
    if (this.roomy.length > 0 && this.draws.chance(1, 2)) return this.wideMremap(process);
    const { start, pages } = this.range();
    const newPages = this.draws.chance(1, 4) ? this.draws.pick(this.lengths) : pages;
    const mode = this.draws.below(16);
    const to = this.draws.chance(1, 3) ? this.place(newPages) : this.home(start, newPages);
    return {
      op: "mremap",
      process,
      address: this.address(start),
      length: this.bytes(pages),
      newLength: this.bytes(newPages),
      to: mode >= 14 ? null : this.address(to),
      mayMove: mode !== 15,
    };
  }

  /** From where huge pages could be to where they could be. */
  private wideMremap(process: number): MremapOperation {
    const range = this.wide();
    const start = Math.ceil(range.start / HUGE) * HUGE;
    const left = range.start + range.pages - start;
    const [from, pages] = left < HUGE ? [range.start, range.pages] : [start, HUGE];
    const to = ARENA_PAGE + this.draws.below(this.span / HUGE) * HUGE;
    const length = pages * PAGE;
    const address = from * PAGE;
    return {
      op: "mremap",
      process,
      address,
      length,
      newLength: length,
      to: to * PAGE,
      mayMove: true,
    };
  }

  /** Other pages of its file for a part of a shared mapping; if there is none, one is made. */
  remap(process: number): RemapOperation | MmapOperation {
    const shared = this.vmas.filter(({ flags }) => flags.shared);
    const vma = shared[this.draws.below(shared.length)];
    if (vma === undefined) return { ...this.mmap(process), shared: true, growsDown: false };
    const pages = Math.min(this.draws.pick(LENGTHS), vma.pages);
    const start = vma.start + this.draws.below(vma.pages - pages + 1);
    const linear = this.draws.chance(1, 4);
    return {
      op: "remap",
      process,
      address: this.address(start),
      length: this.bytes(this.draws.chance(1, 24) ? pages + 4 : pages),
      pgoff: linear ? Math.max(0, vma.pgoffOf(start)) : this.draws.below(24),
      nonBlock: this.draws.chance(1, 3),
    };
  }

  /** A range and what it is to be allowed: at a seam between two VMAs, mostly, as much as beyond the seam. */
  protection(): Range & { readonly prot: Protection } {
    const seams = this.vmas.flatMap((below, place) => {
      const above = this.vmas[place + 1];
      return above?.start === below.end && above.file === below.file ? [{ below, above }] : [];
    });
    const seam = seams[this.draws.below(seams.length)];
    if (seam === undefined || this.draws.chance(1, 3)) {
      return { ...this.range(), prot: this.anyProtection() };
    }
    const upwards = this.draws.chance(1, 2);
    const [changed, like] = upwards ? [seam.above, seam.below] : [seam.below, seam.above];
    const pages = this.draws.chance(1, 2)
      ? changed.pages
      : Math.min(changed.pages, this.draws.pick(LENGTHS));
    const start = upwards ? changed.start : changed.end - pages;
    return { start, pages, prot: protectionOf(like.flags) };
  }

  /** All of a VMA that huge pages could be in, if there is one. */
  wide(): Range {
    const vma = this.roomy[this.draws.below(this.roomy.length)];
    return vma === undefined ? this.range() : { start: vma.start, pages: vma.pages };
  }

  /** A range that begins and ends in the middle of VMAs, at their bounds, or across them. */
  range(): Range {
    const vma = this.one();
    const pages = this.draws.pick(this.lengths);
    if (vma === undefined || this.draws.chance(1, 12)) {
      return { start: this.aligned(ARENA_PAGE + this.draws.below(this.span)), pages };
    }
    const inside = Math.min(pages, vma.pages);
    const ranges: readonly Range[] = [
      { start: vma.start, pages: vma.pages },
      { start: vma.start, pages: inside },
      { start: vma.end - inside, pages: inside },
      { start: vma.start + this.draws.below(vma.pages - inside + 1), pages: inside },
      { start: vma.start + this.draws.below(vma.pages), pages },
    ];
    return this.draws.pick(ranges);
  }

  /** An address in a VMA, mostly; not at the beginning of its page, sometimes. */
  touched(vmas: readonly Vma[] = this.vmas): number {
    const vma = this.one(vmas);
    if (vma?.flags.growsDown === true && this.draws.chance(1, 3)) {
      // Its lowest page, or one below, for which it has to grow.
      return (vma.start - this.draws.below(4)) * PAGE;
    }
    const page =
      vma === undefined || this.draws.chance(1, 32)
        ? ARENA_PAGE + this.draws.below(this.span)
        : vma.start + this.draws.below(vma.pages);
    return page * PAGE + (this.draws.chance(1, 16) ? 8 : 0);
  }

  written(): number {
    const mergeable = this.vmas.filter(({ flags }) => flags.mergeable && flags.write);
    if (mergeable.length > 0 && this.draws.chance(1, 2)) return this.touched(mergeable);
    const writable = this.vmas.filter((vma) => vma.flags.write);
    return this.touched(writable.length === 0 || this.draws.chance(1, 10) ? this.vmas : writable);
  }

  /** Bytes of an address: seldom one that is not aligned. */
  address(page: number): number {
    return page * PAGE + (this.draws.chance(1, 256) ? 1 : 0);
  }

  /** Bytes for a number of pages: the last page in part, sometimes; nothing at all, seldom. */
  bytes(pages: number): number {
    if (this.draws.chance(1, 128)) return 0;
    return pages * PAGE - (this.draws.chance(1, 16) ? 100 : 0);
  }

  private anyProtection(): Protection {
    return this.draws.pick(this.draws.chance(1, 12) ? RARE_PROTECTIONS : PROTECTIONS);
  }

  /** A place where small pages are that could be one huge page, if there is any. */
  collapsible(): number {
    const starts = this.roomy.flatMap((vma) =>
      vma.space.tablesIn(vma.start, vma.end).map((table) => table * HUGE),
    );
    const start = starts[this.draws.below(starts.length)];
    return start === undefined || this.draws.chance(1, 8) ? this.touched() : start * PAGE;
  }

  /** VMAs that huge pages could be in. */
  private get roomy(): readonly Vma[] {
    if (!isLarge(this.span)) return [];
    return this.vmas.filter(({ file, pages }) => file === null && pages >= HUGE);
  }

  /** Any VMA of those; where there is room for huge pages it is one with room, mostly. */
  private one(vmas: readonly Vma[] = this.vmas): Vma | undefined {
    const roomy = this.roomy.filter((vma) => vmas.includes(vma));
    const from = roomy.length > 0 && this.draws.chance(3, 4) ? roomy : vmas;
    return from[this.draws.below(from.length)];
  }

  /** How many pages somebody asks for. */
  private get lengths(): readonly number[] {
    return isLarge(this.span) && this.draws.chance(2, 3) ? LARGE_LENGTHS : LENGTHS;
  }

  /** Where a huge page could begin, if there is room for one, mostly. */
  private aligned(page: number): number {
    return isLarge(this.span) && this.draws.chance(3, 4) ? page - (page % HUGE) : page;
  }

  /** All of a hole between two VMAs, now and then. */
  private hole(): Range | null {
    if (!this.draws.chance(1, 3)) return null;
    const holes = this.vmas.flatMap((vma, place) => {
      const next = this.vmas[place + 1];
      const pages = next === undefined ? 0 : next.start - vma.end;
      return pages > 0 && pages <= 24 ? [{ start: vma.end, pages }] : [];
    });
    return holes[this.draws.below(holes.length)] ?? null;
  }

  private anywhere(): Range {
    const pages = this.draws.pick(this.lengths);
    return { start: this.aligned(this.place(pages)), pages };
  }

  /** A free place or an occupied one, with a liking for the ends of VMAs. */
  private place(pages: number): number {
    const vma = this.vmas[this.draws.below(this.vmas.length)];
    const random = this.aligned(ARENA_PAGE + this.draws.below(this.span));
    if (vma === undefined) return random;
    const place = this.draws.pick([vma.end, vma.end, vma.start - pages, vma.start, random]);
    return this.inArena(place) ? place : random;
  }

  /** Where the range at `from` would continue another VMA: mostly the place that it was moved away from. */
  private home(from: number, pages: number): number {
    const vma = this.vmas.find((candidate) => candidate.holds(from));
    if (vma === undefined) return this.place(pages);
    const homes = this.vmas
      .filter((other) => inodeOf(other) === inodeOf(vma))
      .map((other) => other.addressOf(vma.pgoffOf(from)))
      .filter((home) => home !== from && this.inArena(home));
    return homes[this.draws.below(homes.length)] ?? this.place(pages);
  }

  private inArena(page: number): boolean {
    return ARENA_PAGE <= page && page < ARENA_PAGE + this.span;
  }
}

function inodeOf(vma: Vma): Inode | undefined {
  return vma.file?.inode;
}

function protectionOf(flags: Flags): Protection {
  const letters =
    (flags.read ? "r" : "") + (flags.write ? "w" : "") + (flags.exec ? "x" : "") || "none";
  return letters as Protection;
}
