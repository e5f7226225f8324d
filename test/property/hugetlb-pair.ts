import fc from "fast-check";
import { expect } from "vitest";
import {
  KernelError,
  type File,
  type Kernel,
  type MemoryCgroup,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { Failure } from "../model/failure.js";
import {
  HugeMachine,
  type HugeFile,
  type HugePage,
  type HugeProtection,
  type HugeSearch,
  type HugeSpace,
} from "../model/hugetlb.js";
import { Draws } from "./draws.js";
import { Mirror } from "./mirror.js";

const HUGE = 2 ** 21;
const BASE = 0x200000000000;
/** Huge pages that there is room for, and that there are at first. */
const ROOM = 6;
const TOTAL = 4;
/** Places of the arena, in huge pages. */
const PLACES = 12;
const PROCESSES = 4;
const FILES = 3;
/** Most pages that are broken in one sequence, so that the pool has some left. */
const BROKEN = 2;
/** One of so many operations is followed by a look at everything. */
const COMPARE_EVERY = 32;

/** Of a machine for Pairs. */
export const huge = { frames: (ROOM + 1) * 512 + 64, hugePages: TOTAL };

const KINDS = [
  ...["write", "write", "write", "write", "write", "read", "read", "read", "device", "device"],
  ...["mmap", "mmap", "mmap", "mmap", "munmap", "mprotect", "fork", "exit", "spawn", "file"],
  ...["close", "truncate", "pool", "migrate", "migrate", "walk", "unmap", "break", "move"],
] as const;

/** An operation, and numbers from which what it is about is taken. */
export type HugeChoice = readonly [kind: (typeof KINDS)[number], one: number, two: number];

export function hugeChoices(length: number): fc.Arbitrary<HugeChoice[]> {
  const numbers = fc.nat(2 ** 30 - 1);
  const choice = fc.tuple(fc.constantFrom(...KINDS), numbers, numbers);
  return fc.array(choice, { minLength: 1, maxLength: length, size: "max" });
}

type OnPage = "migrate" | "walk" | "unmap" | "break";

interface Actor {
  readonly space: HugeSpace;
  readonly process: Process;
  readonly mirror: Mirror;
}

interface Mapped {
  readonly inode: HugeFile;
  readonly file: File;
}

/** What came of it: a number, or the name of what went wrong. */
function outcome<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    if (error instanceof KernelError && error.code !== "BUG") return error.code;
    throw error;
  }
}

/** The naive model of huge pages of the pool and one core, side by side; each process has a client that mirrors it. */
export class Pair {
  private readonly model: HugeMachine;
  private readonly actors: Actor[] = [];
  private readonly files: Mapped[] = [];
  private words = 0;

  constructor(
    private readonly kernel: Kernel,
    search: HugeSearch,
    /** Where processes begin and may be moved: nothing is charged there. None: memory cgroups are not used. */
    private readonly cgroups: readonly MemoryCgroup[],
  ) {
    this.model = new HugeMachine(TOTAL, ROOM, search);
  }

  play(choices: readonly HugeChoice[]): void {
    for (const [n, choice] of choices.entries()) {
      this.perform(choice);
      for (const { mirror } of this.actors) mirror.compare();
      if (n % COMPARE_EVERY === 0) this.compare();
    }
    this.compare();
    expect(this.kernel.verify()).toEqual([]);
  }

  private perform([kind, one, two]: HugeChoice): void {
    const draws = new Draws([one & 0x7fff, one >> 15, two & 0x7fff, two >> 15]);
    if (this.actors.length === 0) this.spawn();
    const actor = draws.pick(this.actors);
    switch (kind) {
      case "spawn":
        if (this.actors.length < PROCESSES) this.spawn();
        return;
      case "fork":
        this.fork(actor);
        return;
      case "exit":
        this.model.exit(actor.space);
        actor.process.exit();
        this.actors.splice(this.actors.indexOf(actor), 1);
        return;
      case "file":
        this.createFile(draws.below(4));
        return;
      case "close":
        this.close(draws.below(this.files.length));
        return;
      case "truncate":
        this.truncate(draws.below(this.files.length), draws.below(5));
        return;
      case "move":
        if (this.cgroups.length > 0) draws.pick(this.cgroups).move(actor.process);
        return;
      case "pool": {
        const pages = draws.below(ROOM + 2);
        this.same(
          kind,
          () => this.model.resize(pages),
          () => this.kernel.setHugePages(pages),
        );
        return;
      }
      case "mmap":
        this.map(actor, draws);
        return;
      case "munmap":
      case "mprotect":
        this.onRange(kind, actor, draws);
        return;
      case "read":
      case "write":
      case "device":
        this.access(kind, actor, draws);
        return;
      case "migrate":
      case "walk":
      case "unmap":
      case "break":
        this.onPage(kind, actor, draws);
    }
  }

  private spawn(): void {
    const [cgroup] = this.cgroups;
    this.join(this.model.spawn(), this.kernel.spawn(cgroup && { cgroup }));
  }

  private fork({ space, process, mirror }: Actor): void {
    if (this.actors.length === PROCESSES) return;
    this.join(this.model.fork(space), process.fork());
    // Nobody is told that the parent's huge pages can't be written any more (docs/simplified.md).
    mirror.forget();
  }

  private join(space: HugeSpace, process: Process): void {
    this.actors.push({ space, process, mirror: new Mirror(process, HUGE) });
  }

  private createFile(pages: number): void {
    if (this.files.length === FILES) return;
    const inode = this.model.createFile(pages);
    const file = this.kernel.createFile({ pages: pages * 512, kind: "hugetlb" });
    this.files.push({ inode, file });
  }

  private close(n: number): void {
    const [gone] = this.files.splice(n, 1);
    if (gone === undefined) return;
    this.model.close(gone.inode);
    gone.file.close();
  }

  private truncate(n: number, pages: number): void {
    const chosen = this.files[n];
    if (chosen === undefined) return;
    this.model.truncate(chosen.inode, pages);
    chosen.file.truncate(pages * 512);
  }

  private map({ space, process }: Actor, draws: Draws): void {
    const start = draws.below(PLACES);
    const pages = 1 + draws.below(Math.min(4, PLACES - start));
    const chosen = draws.chance(1, 3) ? undefined : this.files[draws.below(this.files.length)];
    const shared = draws.chance(1, 2);
    const reserves = !draws.chance(1, 5);
    const pgoff = draws.below(3);
    const protection: HugeProtection = draws.pick(["rw", "rw", "rw", "r", "none"] as const);
    this.same(
      "mmap",
      () => {
        const file = chosen?.inode ?? null;
        this.model.map(space, { start, pages, file, pgoff, shared, reserves, protection });
      },
      () => {
        const placed = { address: BASE + start * HUGE, length: pages * HUGE, fixed: true } as const;
        const what =
          chosen === undefined ? { hugetlb: true } : { file: chosen.file, pgoff: pgoff * 512 };
        process.mmap({ ...placed, ...what, prot: protection, shared, noReserve: !reserves });
      },
    );
  }

  private onRange(kind: "munmap" | "mprotect", { space, process }: Actor, draws: Draws): void {
    const start = draws.below(PLACES);
    const pages = 1 + draws.below(Math.min(4, PLACES - start));
    const address = BASE + start * HUGE;
    if (kind === "munmap") {
      this.model.unmap(space, start, start + pages);
      process.munmap(address, pages * HUGE);
      return;
    }
    const protection = draws.pick(["rw", "r", "none"] as const);
    this.same(
      kind,
      () => {
        this.model.protect(space, start, start + pages, protection);
      },
      () => {
        process.mprotect(address, pages * HUGE, protection);
      },
    );
  }

  private access(kind: "read" | "write" | "device", actor: Actor, draws: Draws): void {
    const { space, process, mirror } = actor;
    const place = draws.below(PLACES);
    const address = BASE + place * HUGE;
    const word = ++this.words;
    if (kind === "device") {
      const write = draws.chance(1, 2);
      const refused = outcome(() => void this.model.touch(space, place, write));
      const part = address + draws.below(512) * 4096;
      expect(
        outcome(() => {
          mirror.touch(part, write);
        }),
        kind,
      ).toBe(refused === undefined ? undefined : "EFAULT");
      return;
    }
    this.same(
      kind,
      () => this.model.access(space, place, kind === "write", word),
      () => (kind === "read" ? process.read(address) : (process.write(address, word), word)),
    );
  }

  private onPage(kind: OnPage, { space, process }: Actor, draws: Draws): void {
    const at = draws.below(PLACES);
    const page = process.pageAt(BASE + at * HUGE);
    const entry = space.entries.get(at);
    if (page === null || entry === undefined || this.model.stopsAt(entry.page)) return;
    const named = entry.page;
    switch (kind) {
      case "migrate":
        this.migrate(page, named, draws);
        return;
      case "walk":
        expect(this.kernel.rmapWalk(page), kind).toBe(this.model.found(named).length);
        return;
      case "unmap": {
        // What is broken becomes a marker, whoever unmaps it.
        if (named.broken) return;
        const expected = this.model.tryToUnmap(named);
        expect(this.kernel.tryToUnmap(page, { ignoreAccess: true }), kind).toBe(expected);
        return;
      }
      case "break": {
        if (this.model.brokenPages === BROKEN) return;
        const part = page.frame + draws.below(512);
        expect(this.kernel.memoryFailure(part).result, kind).toBe(this.model.breakPage(named));
      }
    }
  }

  /** Where it was is a free page then, which may be broken. */
  private migrate(page: Page, named: HugePage, draws: Draws): void {
    const { frame } = page;
    const expected = this.model.migrate(named);
    expect(this.kernel.migratePage(page).result, "migrate").toBe(expected);
    if (expected !== "moved" || this.model.brokenPages === BROKEN || !draws.chance(1, 8)) return;
    this.model.breakFree();
    const part = frame + draws.below(512);
    expect(this.kernel.memoryFailure(part)).toMatchObject({ result: "delayed", page: "free huge" });
  }

  private same<T>(kind: string, model: () => T, core: () => T): void {
    const expected = outcome(model);
    expect(outcome(core), kind).toBe(expected);
  }

  /** Everything that both sides have. */
  private compare(): void {
    const { total, free, reserved, brokenPages } = this.model;
    expect(this.kernel.hugePages).toEqual({ total, free, reserved });
    expect(this.kernel.hardwareCorrupted).toBe(brokenPages * 512);
    for (const { usage } of this.cgroups) expect(usage).toBe(0);
    const names = new Map<number, HugePage>();
    for (const { space, process } of this.actors) {
      expect(process.vmaCount).toBe(space.vmas.length);
      for (let place = 0; place < PLACES; place++) {
        const entry = space.entries.get(place);
        const page = process.pageAt(BASE + place * HUGE);
        const mapped = entry !== undefined && entry.marker !== true;
        expect(page !== null, `place ${place}`).toBe(mapped);
        if (page === null || entry === undefined) continue;
        const named = names.get(page.frame) ?? entry.page;
        expect(named === entry.page, `the page at place ${place}`).toBe(true);
        names.set(page.frame, entry.page);
        const { word } = entry.page;
        expect([page.word, page.mapcount]).toEqual([word, this.model.mapcount(entry.page)]);
      }
    }
    expect(new Set(names.values()).size).toBe(names.size);
    for (const { inode, file } of this.files) {
      expect([file.pages, file.cached]).toEqual([inode.size * 512, inode.cache.size * 512]);
    }
  }
}
