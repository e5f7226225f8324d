// A move of charges, and whoever maps a page of the cgroup meanwhile, or gives a charge back: what the move must wait
// for, and who must not wait for the move.

import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { type Actor, Scheduler } from "../scenario/scheduler.js";
import { at, lay, PAGE } from "./ground.js";
import type { MakeKernel, Observables } from "./lab.js";

/** Where the anonymous page is. */
const ANON = 8;
/** More steps than any path here has. */
const ENDLESS = 20_000;

/** Two processes of the cgroup `from` with a file, whose page is charged to it; the second moves to `to`. */
class MoveGround {
  readonly kernel: Kernel;
  readonly page: Page;
  readonly #from: MemoryCgroup;
  readonly #to: MemoryCgroup;
  readonly #first: Process;
  readonly #second: Process;

  private constructor(readonly scheduler: Scheduler) {
    const { kernel } = scheduler;
    this.kernel = kernel;
    this.#from = kernel.createCgroup("from");
    this.#to = kernel.createCgroup("to");
    const file = kernel.createFile({ pages: 1, word: 1 });
    const spawn = (): Process => {
      const process = kernel.spawn({ cgroup: this.#from });
      process.mmap({ address: at(0), length: PAGE, file, shared: true, fixed: true });
      return process;
    };
    [this.#first, this.#second] = [spawn(), spawn()];
    lay(this.#first, ANON, 1);
    this.#first.read(at(0));
    this.page = this.#first.pageAt(at(0))!;
    this.unmap();
  }

  static async create(makeKernel: MakeKernel): Promise<MoveGround> {
    const { options } = await makeKernel({ frames: 64 });
    return new MoveGround(await Scheduler.create(options));
  }

  /** The first process maps the file's page. */
  mapper(): Actor {
    return this.scheduler.actor("map", (batch) => batch.read(this.#first, at(0)));
  }

  mover(): Actor {
    return this.scheduler.actor("move", (batch) => batch.moveToCgroup(this.#second, this.#to));
  }

  map(): void {
    this.#first.read(at(0));
  }

  unmap(): void {
    this.#first.madvise(at(0), PAGE, "dontneed");
  }

  unmapAnon(): void {
    this.#first.madvise(at(ANON), PAGE, "dontneed");
  }

  get mappedFile(): { readonly from: number; readonly to: number } {
    return { from: this.#from.stat().mapped_file, to: this.#to.stat().mapped_file };
  }

  /** How often a lock was taken since the counters were set to zero. */
  taken(lock: "move_lock" | "move lock of a side record" | "cgroup_mutex"): number {
    return this.kernel.lockCounters!.locks[lock].taken;
  }

  /** Both locks that keep page statistics and moves apart; each side has one of them. */
  get statLocks(): number {
    return this.taken("move_lock") + this.taken("move lock of a side record");
  }

  /** Lets paths go to their ends; what waits lets the other go first. */
  settle(): void {
    const { actors } = this.scheduler;
    for (let steps = 0; steps < ENDLESS; steps++) {
      const ready = actors.filter(({ done }) => !done);
      const next = ready.find(({ blocked }) => !blocked) ?? ready[steps % ready.length];
      if (next === undefined) return;
      this.scheduler.step(next);
    }
    throw new Error("two paths wait for each other");
  }

  /** The move is to come while the mapper stands where it is. */
  moveMeanwhile(): Observables {
    const moveWaits = !this.scheduler.finish(this.mover());
    this.settle();
    return { moveWaits, ...this.#end() };
  }

  #end(): Observables {
    const { from, to } = this.mappedFile;
    return {
      mappedFileFrom: from,
      mappedFileTo: to,
      violationsAtEnd: this.kernel.verify().length,
    };
  }

  /** The map is to come while the move has the lock for the page's statistics. */
  mapMeanwhile(): Observables {
    const mover = this.mover();
    const mapper = this.mapper();
    this.kernel.resetCounters();
    while (this.statLocks === 0) this.scheduler.step(mover);
    this.scheduler.finish(mapper);
    this.settle();
    return this.#end();
  }

  /** Lets a move tell everybody, and stops it before it takes a lock that others need. */
  beginMove(): void {
    const mover = this.mover();
    this.kernel.resetCounters();
    do this.scheduler.step(mover);
    while (this.taken("cgroup_mutex") === 0 || mover.stop?.kind !== "lock");
  }
}

async function on(
  makeKernel: MakeKernel,
  look: (ground: MoveGround) => Observables,
): Promise<Observables> {
  const ground = await MoveGround.create(makeKernel);
  try {
    return look(ground);
  } finally {
    ground.kernel.dispose();
  }
}

/** The mapper has raised the map count, and counts nothing yet. */
export function mapMeetsMove(makeKernel: MakeKernel): Promise<Observables> {
  return on(makeKernel, (ground) => {
    const mapper = ground.mapper();
    while (ground.page.mapcount === 0) ground.scheduler.step(mapper);
    return ground.moveMeanwhile();
  });
}

/** The mapper has found that no charges are moved, and stands before the step in which it counts. */
export function readerBeforeMove(makeKernel: MakeKernel): Promise<Observables> {
  return on(makeKernel, (ground) => {
    const mapper = ground.mapper();
    const start = ground.scheduler.save();
    let steps = 0;
    for (; ground.mappedFile.from === 0; steps++) ground.scheduler.step(mapper);
    ground.scheduler.restore(start);
    for (let step = 1; step < steps; step++) ground.scheduler.step(mapper);
    return ground.moveMeanwhile();
  });
}

/** Who waits for the lock while the charge goes over finds another owner than it had read. */
export function ownerChanges(makeKernel: MakeKernel): Promise<Observables> {
  return on(makeKernel, (ground) => ground.mapMeanwhile());
}

/** While charges of the cgroup are moved: which of these locks do last unmaps take? */
export function anonStaysOutside(makeKernel: MakeKernel): Promise<Observables> {
  return on(makeKernel, (ground) => {
    ground.map();
    ground.beginMove();
    const count = (what: () => void): number => {
      const before = ground.statLocks;
      what();
      return ground.statLocks - before;
    };
    const locksOfFileUnmap = count(() => ground.unmap());
    const locksOfAnonUnmap = count(() => ground.unmapAnon());
    ground.settle();
    return {
      locksOfFileUnmap,
      locksOfAnonUnmap,
      violationsAtEnd: ground.kernel.verify().length,
    };
  });
}
