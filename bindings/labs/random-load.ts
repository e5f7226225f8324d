// Random operations through the API, the same for the same seed: what two kernels are compared by.

import { KernelError } from "../core/kernel-error.js";
import type { File } from "../kernel/file.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";

const PAGE = 4096;
const BASE = 0x200000000000;
/** Where all mappings are: small, so that operations meet. */
const ARENA = 48;
const MOST_PAGES = 6;
const MOST_PROCESSES = 4;
const FILES = 3;
const FILE_PAGES = 12;

/** Numbers without a pattern, the same for the same seed (xorshift of 32 bits). */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** 0 to n - 1. */
  below(n: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % n;
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)] as T;
  }
}

/** Processes that map, lock, fork, swap and truncate at random, on one kernel. */
export class RandomLoad {
  readonly #draws: Draws;
  readonly #files: File[];
  #processes: Process[];

  constructor(
    readonly kernel: Kernel,
    seed: number,
  ) {
    this.#draws = new Draws(seed);
    const kinds = ["disk", "tmpfs", "ramfs"] as const;
    this.#files = Array.from({ length: FILES }, (_, i) =>
      kernel.createFile({ pages: FILE_PAGES, kind: kinds[i % 3] ?? "disk", word: 100 * (i + 1) }),
    );
    this.#processes = [kernel.spawn()];
  }

  /** One operation, and what came of it in words. */
  step(): string {
    const [name, action] = this.#draws.one(this.#weighted);
    try {
      return `${name} ${String(action())}`;
    } catch (error) {
      if (!(error instanceof KernelError) || error.code === "BUG") throw error;
      return `${name} ${error.code}`;
    }
  }

  /** Everything that a program or /proc could tell, one thing a line. */
  state(): string[] {
    const lines = this.#processes.flatMap((process, i) => this.#stateOf(process, i));
    const numbers = { ...this.kernel.vmstat(), ...this.kernel.counters, ...this.kernel.ksm };
    return [...lines, JSON.stringify(numbers)];
  }

  #stateOf(process: Process, i: number): string[] {
    const vmas = process
      .vmas()
      .map(({ start, end, pgoff, flags, anonVma }) => [start, end, pgoff, flags, anonVma]);
    const pages = process.pages().map(({ address, frame }) => {
      if (frame <= 0) return [address, frame];
      const page = this.kernel.page(frame);
      return [address, frame, page.mapcount, page.refcount, page.flags, page.word, page.index];
    });
    return [
      `process ${i} ${JSON.stringify([process.rss, process.lockedPages, vmas])}`,
      ...pages.map((page) => `process ${i} ${page.join(" ")}`),
    ];
  }

  get #process(): Process {
    return this.#draws.one(this.#processes);
  }

  get #address(): number {
    return BASE + this.#draws.below(ARENA) * PAGE;
  }

  /** Address and length of some pages. */
  #range(): [address: number, length: number] {
    const first = this.#draws.below(ARENA);
    const pages = 1 + this.#draws.below(Math.min(MOST_PAGES, ARENA - first));
    return [BASE + first * PAGE, pages * PAGE];
  }

  #map(): number {
    const [address, length] = this.#range();
    const draws = this.#draws;
    const file = draws.below(2) === 0 ? draws.one(this.#files) : undefined;
    return this.#process.mmap({
      address,
      length,
      fixed: true,
      prot: draws.below(4) === 0 ? "r" : "rw",
      shared: draws.below(3) === 0,
      locked: draws.below(3) === 0,
      ...(file === undefined ? {} : { file, pgoff: draws.below(FILE_PAGES - MOST_PAGES) }),
    });
  }

  #fork(): string {
    if (this.#processes.length === MOST_PROCESSES) return "enough";
    this.#processes.push(this.#process.fork());
    return "forked";
  }

  #exit(): string {
    if (this.#processes.length === 1) return "last";
    const process = this.#process;
    process.exit();
    this.#processes = this.#processes.filter((other) => other !== process);
    return "gone";
  }

  #truncate(): string {
    const file = this.#draws.one(this.#files);
    file.truncate(this.#draws.below(FILE_PAGES));
    file.truncate(FILE_PAGES);
    return "cut";
  }

  #onPage(action: (page: Page) => unknown): unknown {
    const page = this.#process.pageAt(this.#address);
    return page === null ? "nothing" : action(page);
  }

  #madvise(): string {
    const [address, length] = this.#range();
    const advice = this.#draws.one(["dontneed", "mergeable", "unmergeable"] as const);
    this.#process.madvise(address, length, advice);
    return advice;
  }

  readonly #operations: readonly (readonly [
    weight: number,
    name: string,
    action: () => unknown,
  ])[] = [
    [8, "mmap", () => this.#map()],
    [4, "munmap", () => this.#process.munmap(...this.#range())],
    [2, "mprotect", () => this.#process.mprotect(...this.#range(), this.#draws.one(["r", "rw"]))],
    [6, "mlock", () => this.#process.mlock(...this.#range())],
    [4, "munlock", () => this.#process.munlock(...this.#range())],
    [20, "write", () => this.#process.write(this.#address, this.#draws.below(4))],
    [14, "read", () => this.#process.read(this.#address)],
    [2, "fork", () => this.#fork()],
    [1, "exit", () => this.#exit()],
    [1, "truncate", () => this.#truncate()],
    [3, "madvise", () => this.#madvise()],
    [6, "shrink", () => this.#onPage((page) => this.kernel.shrinkPage(page, { force: true }))],
    [2, "reclaim", () => this.kernel.reclaim(4)],
    [3, "migrate", () => this.#onPage((page) => this.kernel.migratePage(page).result)],
    [3, "unmap", () => this.#onPage((page) => this.kernel.tryToUnmap(page))],
    [1, "ksm", () => this.kernel.ksm.scan()],
  ];

  readonly #weighted = this.#operations.flatMap(([weight, name, action]) =>
    Array.from({ length: weight }, () => [name, action] as const),
  );
}

/** What two kernels made of the same random operations. */
export interface Comparison {
  readonly operations: number;
  /** Operations that had another result. */
  readonly results: number;
  /** Moments, one every `every` operations, at which the machines did not look the same. */
  readonly states: number;
  /** How often each kind of operation was done. */
  readonly kinds: ReadonlyMap<string, number>;
}

/** Performs the same operations on two kernels, and compares what comes of each, and now and then everything. */
export function compareLoads(
  a: RandomLoad,
  b: RandomLoad,
  operations: number,
  every: number,
): Comparison {
  let results = 0;
  let states = 0;
  const kinds = new Map<string, number>();
  for (let n = 1; n <= operations; n++) {
    const [one, other] = [a.step(), b.step()];
    if (one !== other) results++;
    const kind = one.slice(0, one.indexOf(" "));
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (n % every === 0 && a.state().join("\n") !== b.state().join("\n")) states++;
  }
  return { operations, results, states, kinds };
}
