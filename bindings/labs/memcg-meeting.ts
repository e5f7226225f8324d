// Where page statistics of memory cgroups go wrong: one process unmaps a file's page while another maps it. Both are in
// a cgroup, and the charge of the page is then moved to another one with the second process.

import type { Kernel } from "../kernel/kernel.js";
import type { MemoryCgroup } from "../kernel/memory-cgroup.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { type Actor, type Moment, Scheduler } from "../scenario/scheduler.js";
import type { MakeKernel } from "./lab.js";

const PAGE = 4096;
const BASE = 0x200000000000;
/** More steps than any path here has. */
const ENDLESS = 20_000;

/** Name of the path that moves the charge. */
export const MOVER = "C";

/** mapped_file of both cgroups. */
export interface MappedFile {
  readonly from: number;
  readonly to: number;
}

/** The machine, in the explore build, with the two paths before their first steps. Dispose of its kernel. */
export class MemcgMeeting {
  readonly kernel: Kernel;
  readonly from: MemoryCgroup;
  readonly to: MemoryCgroup;
  /** The page of the file, which `first` maps: it is charged to `from`. */
  readonly page: Page;
  readonly unmap: Actor;
  readonly map: Actor;
  readonly #second: Process;
  readonly #start: Moment;

  private constructor(readonly scheduler: Scheduler) {
    const { kernel } = scheduler;
    this.kernel = kernel;
    this.from = kernel.createCgroup("from");
    this.to = kernel.createCgroup("to");
    const file = kernel.createFile({ pages: 1, word: 1 });
    const [first, second] = [this.#spawn(), this.#spawn()];
    for (const process of [first, second]) {
      process.mmap({ address: BASE, length: PAGE, file, shared: true, fixed: true });
    }
    first.read(BASE);
    this.page = first.pageAt(BASE)!;
    this.#second = second;
    this.unmap = scheduler.actor("A", (batch) => batch.munmap(first, BASE, PAGE));
    this.map = scheduler.actor("B", (batch) => batch.read(second, BASE));
    this.#start = scheduler.save();
  }

  /** @param makeKernel of the side: its machine is made once more, so that paths can be suspended */
  static async create(makeKernel: MakeKernel): Promise<MemcgMeeting> {
    const { options } = await makeKernel({ frames: 64 });
    return new MemcgMeeting(await Scheduler.create(options));
  }

  #spawn(): Process {
    return this.kernel.spawn({ cgroup: this.from });
  }

  /** Back to where neither path has begun. */
  restart(): void {
    this.scheduler.restore(this.#start);
  }

  /** A path that moves the second process to the other cgroup, with what it has charged. */
  mover(): Actor {
    return this.scheduler.actor(MOVER, (batch) => batch.moveToCgroup(this.#second, this.to));
  }

  /** The second process unmaps the page, as a path. */
  end(): Actor {
    return this.scheduler.actor("B", (batch) => batch.munmap(this.#second, BASE, PAGE));
  }

  get mappedFile(): MappedFile {
    return { from: this.from.stat().mapped_file, to: this.to.stat().mapped_file };
  }

  /** Lets all go to their ends; who waits for a lock lets the others go first. */
  settle(): void {
    for (let steps = 0; steps < ENDLESS; steps++) {
      const ready = this.scheduler.actors.filter(({ done }) => !done);
      const next = ready.find(({ blocked }) => !blocked) ?? ready[steps % ready.length];
      if (next === undefined) return;
      this.scheduler.step(next);
    }
    throw new Error("the paths of the lab do not come to an end");
  }

  /** Moves the second process, and ends its mapping: what both cgroups count then should be nothing. */
  afterwards(): MappedFile {
    this.to.move(this.#second);
    this.#second.munmap(BASE, PAGE);
    return this.mappedFile;
  }
}
