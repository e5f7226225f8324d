// The prio tree of the core and a naive one go through the same histories: shape, order of searches, counts.

import { afterEach, describe, expect, test } from "vitest";
import {
  createKernel,
  walksIn,
  type File,
  type Kernel,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { RawMachine } from "../check/raw-machine.js";
import { PrioTree } from "../model/prio-tree.js";
import { coreShape, mmOf, naiveShape, nameOf } from "./core-shape.js";
import { searchPrioTree } from "./prio-search.js";

const PAGE = 4096;
const BASE = 0x10000000;
const STEP = 0x100000;

interface Mapped {
  readonly process: Process;
  readonly mm: number;
  readonly start: number;
  readonly pgoff: number;
  readonly pages: number;
}

function nameOfMapped({ mm, start }: Mapped): string {
  return nameOf(mm, start);
}

/** Numbers in [0, below) from a seed. */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

let kernel: Kernel;
afterEach(() => {
  kernel.dispose();
});

/** A file with VMAs in the core and the naive tree alike. */
class History {
  readonly tree = new PrioTree<Mapped>();
  mapped: Mapped[] = [];
  readonly raw: RawMachine;
  readonly watched = new Set<number>();
  /** Those that are in memory, by pgoff. */
  private readonly pages = new Map<number, Page>();
  private next = 0;

  constructor(
    readonly kernel: Kernel,
    readonly file: File,
  ) {
    this.raw = new RawMachine(kernel);
  }

  /** Will search for a page from now on, once somebody has mapped it. */
  watch(pgoff: number): void {
    this.watched.add(pgoff);
  }

  map(process: Process, pgoff: number, pages: number): void {
    const start = BASE + STEP * this.next++;
    const length = pages * PAGE;
    process.mmap({ address: start, fixed: true, length, file: this.file, pgoff, shared: true });
    const one = { process, mm: mmOf(this.raw, process), start, pgoff, pages };
    this.mapped.push(one);
    this.tree.link(one);
  }

  unmap(one: Mapped): void {
    one.process.munmap(one.start, one.pages * PAGE);
    this.forget(one);
  }

  private forget(one: Mapped): void {
    this.mapped = this.mapped.filter((other) => other !== one);
    this.tree.unlink(one);
  }

  /** VMAs of a process by address: the order of fork and exit. */
  private of(process: Process): Mapped[] {
    return this.mapped.filter((one) => one.process === process).sort((a, b) => a.start - b.start);
  }

  fork(process: Process): Process {
    const child = process.fork();
    const mm = mmOf(this.raw, child);
    for (const one of this.of(process)) {
      const copy = { ...one, process: child, mm };
      this.mapped.push(copy);
      this.tree.linkAfter(copy, one);
    }
    return child;
  }

  exit(process: Process): void {
    for (const one of this.of(process)) this.forget(one);
    process.exit();
  }

  compareShapes(): void {
    const anyone = this.mapped[0];
    if (anyone === undefined) return;
    const file = this.raw.file(anyone.process, anyone.start);
    expect(coreShape(this.raw, file)).toEqual(naiveShape(this.tree.shape, nameOfMapped));
    expect(this.kernel.verify()).toEqual([]);
  }

  /** Searches for the pages that are watched: who is visited and found in which order, and what it counts. */
  compareSearches(prunes: boolean): void {
    for (const pgoff of this.watched) {
      const naive = searchPrioTree(this.tree.shape, pgoff, pgoff, prunes);
      const holders = this.mapped.filter(
        (one) => one.pgoff <= pgoff && pgoff < one.pgoff + one.pages,
      );
      const [holder] = holders;
      expect(naive.found.map(nameOfMapped).sort()).toEqual(holders.map(nameOfMapped).sort());
      if (holder !== undefined) {
        const address = holder.start + (pgoff - holder.pgoff) * PAGE;
        holder.process.read(address);
        const page = holder.process.pageAt(address);
        if (page === null || page === undefined) throw new Error(`no page ${pgoff}`);
        this.pages.set(pgoff, page);
        const { visited, found } = this.walk(page);
        expect(found).toEqual(naive.found.map(nameOfMapped));
        expect(visited).toEqual(naive.visited.map(nameOfMapped));
      } else {
        // Nobody maps it: the index alone is asked.
        const page = this.pages.get(pgoff);
        if (page === undefined) continue;
        this.kernel.setSample(Uint32Array.of(page.frame));
        this.kernel.resetCounters();
        expect(this.kernel.core.benchStab(1, 0)).toBe(0);
      }
      expect(this.kernel.counters.nodesVisited).toBe(naive.visited.length);
      expect(this.kernel.counters.nodesTouched).toBe(naive.touched);
    }
  }

  private walk(page: Page): { visited: string[]; found: string[] } {
    const visited: string[] = [];
    const found: string[] = [];
    this.kernel.resetCounters();
    this.kernel.recordEvents(true, { walks: true });
    this.kernel.rmapWalk(page);
    for (const step of walksIn(this.kernel.takeEvents())[0]?.steps ?? []) {
      if (step.step === "node") {
        const owner = this.mapped.find(({ process }) => process.mm === step.mm);
        visited.push(nameOf(owner?.mm ?? 0, step.start));
      } else if (step.step === "vma" && step.offer === "considered") {
        found.push(visited.at(-1) ?? "");
      }
    }
    this.kernel.recordEvents(false);
    return { visited, found };
  }
}

async function history(fileIndex: "prio-tree" | "prio-tree-3.4", pages: number): Promise<History> {
  kernel = await createKernel({ build: "checked", fileIndex });
  return new History(kernel, kernel.createFile({ pages }));
}

/** Offsets with few and with many bits, so that keys share prefixes, collide, and make the tree expand. */
const spreads: readonly (readonly [string, number, number])[] = [
  ["sixteen pages, where most ranges are there already", 16, 4],
  ["a thousand pages", 1024, 40],
  ["a file of 2^40 pages", 2 ** 40, 200],
];

describe.each(["prio-tree", "prio-tree-3.4"] as const)("%s", (fileIndex) => {
  for (const [what, size, longest] of spreads) {
    test(`goes through random histories of ${what} as the naive tree does`, async () => {
      for (let seed = 1; seed <= 4; seed++) {
        const one = await history(fileIndex, size);
        const draw = drawing(seed);
        const offset = (): number =>
          Math.floor(Math.min(size - longest, 2 ** (draw(1000 * Math.log2(size)) / 1000)));
        for (let i = 0; i < 12; i++) one.watch(draw(2) ? offset() : draw(size));
        let processes = [kernel.spawn(), kernel.spawn()];
        for (let operation = 0; operation < 120; operation++) {
          const process = processes[draw(processes.length)] as Process;
          const choice = draw(20);
          if (choice < 11) {
            const near = [...one.watched][draw(one.watched.size)] ?? 0;
            const pages = 1 + draw(longest - 1);
            const pgoff = draw(3) ? Math.max(0, near - draw(pages)) : offset();
            one.map(process, pgoff, pages);
          } else if (choice < 17 && one.mapped.length > 0) {
            one.unmap(one.mapped[draw(one.mapped.length)] as Mapped);
          } else if (choice < 19 && one.mapped.length < 60) {
            processes.push(one.fork(process));
          } else if (processes.length > 1) {
            one.exit(process);
            processes = processes.filter((other) => other !== process);
          }
          one.compareShapes();
          if (operation % 10 === 0) one.compareSearches(fileIndex === "prio-tree");
        }
        // Down to nothing: every way of leaving a tree and its rings.
        while (one.mapped.length > 0) {
          one.unmap(one.mapped[draw(one.mapped.length)] as Mapped);
          one.compareShapes();
        }
        if (seed < 4) kernel.dispose();
      }
    });
  }

  test("goes on with the bits of the size where ranges begin at one page", async () => {
    const one = await history(fileIndex, 2 ** 20);
    const process = kernel.spawn();
    one.watch(5);
    one.watch(100);
    const draw = drawing(5);
    const sizes = Array.from({ length: 200 }, (_, i) => i + 1);
    while (sizes.length > 0) one.map(process, 5, sizes.splice(draw(sizes.length), 1)[0] ?? 0);
    one.compareShapes();
    one.compareSearches(fileIndex === "prio-tree");
    // Bits 63 to 8 of the size are the same in all, bit 7 is not.
    let shape = coreShape(one.raw, one.raw.file(process, BASE));
    while (shape !== null && shape.turn > 7 - 64) shape = shape.left ?? shape.right;
    expect([shape?.left, shape?.right]).not.toContain(null);
    while (one.mapped.length > 150) one.unmap(one.mapped[draw(one.mapped.length)] as Mapped);
    one.compareShapes();
    one.compareSearches(fileIndex === "prio-tree");
  });

  test("takes ranges at page offsets up to the last", async () => {
    const most = 2 ** 51;
    const one = await history(fileIndex, most);
    const process = kernel.spawn();
    for (const pgoff of [0, 1, most / 2, most - 1]) one.watch(pgoff);
    for (const pgoff of [0, most - 1, 1, most / 2, most - 3]) {
      one.map(process, pgoff, pgoff === most - 3 ? 3 : 1);
      one.compareShapes();
      one.compareSearches(fileIndex === "prio-tree");
    }
  });
});
