// Random operations on huge pages of the pool, against the naive model of them alone (test/model/hugetlb.ts), in all
// three builds and with both indexes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createKernel,
  KernelError,
  type File,
  type Kernel,
  type Process,
} from "../../bindings/index.js";
import { Failure } from "../model/failure.js";
import {
  HugeMachine,
  type HugeFile,
  type HugeProtection,
  type HugeSpace,
} from "../model/hugetlb.js";
import { size } from "./size.js";

const HUGE = 2 ** 21;
const BASE = 0x200000000000;
/** Huge pages that there is room for, and that there are at first. */
const ROOM = 6;
const TOTAL = 4;
/** Places of the arena, in huge pages. */
const PLACES = 12;
const PROCESSES = 4;
const FILES = 3;
const LENGTH = 120;
/** These operations take longer than others, so there are fewer. */
const SHARE = 0.05;

const KINDS = [
  ...["write", "write", "write", "write", "read", "read", "mmap", "mmap", "mmap", "munmap"],
  ...["mprotect", "fork", "exit", "spawn", "file", "close", "truncate", "pool", "migrate"],
] as const;

interface Choice {
  readonly kind: string;
  readonly numbers: readonly number[];
}

const choices: fc.Arbitrary<Choice[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    numbers: fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
  }),
  { maxLength: LENGTH, size: "max" },
);

/** What came of it: a number, or the name of what went wrong. */
function outcome(action: () => number): number | string {
  try {
    return action();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    if (error instanceof KernelError && error.code !== "BUG") return error.code;
    throw error;
  }
}

/** The model and one core, side by side. */
class Pair {
  private readonly model = new HugeMachine(TOTAL, ROOM);
  private readonly processes: { readonly space: HugeSpace; readonly process: Process }[] = [];
  private readonly files: { readonly inode: HugeFile; readonly file: File }[] = [];
  private words = 0;

  constructor(private readonly kernel: Kernel) {}

  perform({ kind, numbers }: Choice): void {
    const [who = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = numbers;
    if (this.processes.length === 0) this.spawn();
    const pair = this.processes[who % this.processes.length]!;
    const { space, process } = pair;
    const start = a % PLACES;
    const pages = 1 + (b % Math.min(4, PLACES - start));
    const address = BASE + start * HUGE;
    switch (kind) {
      case "spawn":
        if (this.processes.length < PROCESSES) this.spawn();
        return;
      case "fork":
        if (this.processes.length === PROCESSES) return;
        this.processes.push({ space: this.model.fork(space), process: process.fork() });
        return;
      case "exit":
        this.model.exit(space);
        process.exit();
        this.processes.splice(this.processes.indexOf(pair), 1);
        return;
      case "file":
        this.createFile(a % 4);
        return;
      case "close": {
        const [gone] = this.files.splice(a % (this.files.length || 1), 1);
        if (gone === undefined) return;
        this.model.close(gone.inode);
        gone.file.close();
        return;
      }
      case "truncate": {
        const chosen = this.files[a % (this.files.length || 1)];
        if (chosen === undefined) return;
        this.model.truncate(chosen.inode, b % 5);
        chosen.file.truncate((b % 5) * 512);
        return;
      }
      case "pool":
        this.same(
          kind,
          () => this.model.resize(a % (ROOM + 2)),
          () => this.kernel.setHugePages(a % (ROOM + 2)),
        );
        return;
      case "mmap": {
        const chosen = c % 3 === 0 ? undefined : this.files[d % (this.files.length || 1)];
        const prot = (["rw", "rw", "rw", "r", "none"] as const)[e % 5]!;
        const wanted = { shared: d % 2 === 0, reserves: c % 5 !== 0, pgoff: c % 3 };
        this.map(pair, { start, pages, prot, ...wanted }, chosen);
        return;
      }
      case "munmap":
        this.model.unmap(space, start, start + pages);
        process.munmap(address, pages * HUGE);
        return;
      case "mprotect": {
        const prot = (["rw", "r", "none"] as const)[c % 3]!;
        this.same(
          kind,
          () => (this.model.protect(space, start, start + pages, prot), 0),
          () => (process.mprotect(address, pages * HUGE, prot), 0),
        );
        return;
      }
      case "read":
        this.same(
          kind,
          () => this.model.access(space, start, false),
          () => process.read(address),
        );
        return;
      case "write": {
        const word = ++this.words;
        this.same(
          kind,
          () => (this.model.access(space, start, true, word), 0),
          () => (process.write(address, word), 0),
        );
        return;
      }
      case "migrate": {
        const page = process.pageAt(address);
        // The units of any other page's index are not those of the search: test/rmap/hugetlb.test.ts.
        if (page?.index !== 0) return;
        const expected = this.model.canMigrate ? "moved" : "no-memory";
        expect(this.kernel.migratePage(page).result).toBe(expected);
      }
    }
  }

  private spawn(): void {
    this.processes.push({ space: this.model.spawn(), process: this.kernel.spawn() });
  }

  private createFile(pages: number): void {
    if (this.files.length === FILES) return;
    const inode = this.model.createFile(pages);
    const file = this.kernel.createFile({ pages: pages * 512, kind: "hugetlb" });
    this.files.push({ inode, file });
  }

  private map(
    { space, process }: { readonly space: HugeSpace; readonly process: Process },
    wanted: {
      readonly start: number;
      readonly pages: number;
      readonly prot: HugeProtection;
      readonly shared: boolean;
      readonly reserves: boolean;
      readonly pgoff: number;
    },
    chosen: { readonly inode: HugeFile; readonly file: File } | undefined,
  ): void {
    const { start, pages, prot, shared, reserves, pgoff } = wanted;
    this.same(
      "mmap",
      () => {
        const file = chosen?.inode ?? null;
        this.model.map(space, { start, pages, file, pgoff, shared, reserves, protection: prot });
        return 0;
      },
      () => {
        const placed = { address: BASE + start * HUGE, length: pages * HUGE, fixed: true } as const;
        const what =
          chosen === undefined ? { hugetlb: true } : { file: chosen.file, pgoff: pgoff * 512 };
        process.mmap({ ...placed, ...what, prot, shared, noReserve: !reserves });
        return 0;
      },
    );
  }

  private same(kind: string, model: () => number, core: () => number): void {
    const expected = outcome(model);
    expect(outcome(core), kind).toBe(expected);
  }

  /** Everything that both sides have. */
  compare(): void {
    const { total, free, reserved } = this.model;
    expect(this.kernel.hugePages).toEqual({ total, free, reserved });
    const names = new Map<number, object>();
    for (const { space, process } of this.processes) {
      expect(process.vmaCount).toBe(space.vmas.length);
      for (let place = 0; place < PLACES; place++) {
        const entry = space.entries.get(place);
        const page = process.pageAt(BASE + place * HUGE);
        expect(page === null, `place ${place}`).toBe(entry === undefined);
        if (page === null || entry === undefined) continue;
        const named = names.get(page.frame) ?? entry.page;
        expect(named === entry.page, `the page at place ${place}`).toBe(true);
        names.set(page.frame, entry.page);
        expect([page.word, page.mapcount]).toEqual([
          entry.page.word,
          this.model.mapcount(entry.page),
        ]);
      }
    }
    expect(new Set(names.values()).size).toBe(names.size);
    for (const { inode, file } of this.files) {
      expect([file.pages, file.cached]).toEqual([inode.size * 512, inode.cache.size * 512]);
    }
    expect(this.kernel.verify()).toEqual([]);
  }
}

describe.each(["list", "interval-tree"] as const)(
  "random operations with the %s index",
  (anonIndex) => {
    test.each(["release", "checked", "explore"] as const)(
      "do what the naive model of huge pages does (%s)",
      async (build) => {
        const frames = (ROOM + 1) * 512 + 64;
        const kernel = await createKernel({ build, anonIndex, frames, hugePages: TOTAL });
        const empty = kernel.snapshot();
        const numRuns = Math.ceil((2.5 * size.operations * SHARE) / LENGTH);
        fc.assert(
          fc.property(choices, (sequence) => {
            kernel.restore(empty);
            const pair = new Pair(kernel);
            for (const [n, choice] of sequence.entries()) {
              pair.perform(choice);
              if (n % 8 === 0) pair.compare();
            }
            pair.compare();
          }),
          { numRuns, seed: size.seed, endOnFailure: false },
        );
        kernel.dispose();
      },
      size.patience,
    );
  },
);
