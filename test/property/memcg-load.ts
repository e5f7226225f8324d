// A tree of cgroups with processes in them, and what happens to them at random.

import {
  createKernel,
  KernelError,
  type File,
  type Kernel,
  type MemoryCgroup,
  type Page,
  type Process,
  type Switches,
} from "../../bindings/index.js";

const PAGE = 4096;
const BASE = 0x200000000000;
/** Pages of the file that all processes map, above their anonymous memory. */
const FILE_PAGES = 16;
/** Pages that are charged at a time. */
const BATCH = 32;
/** Processes at once. */
const MOST = 12;

/** A step: what is done, and numbers that say to whom and where. */
export type Step = readonly [what: number, who: number, where: number];

/** How large everything is. */
interface Scale {
  /** Anonymous memory of a process, in pages. */
  readonly pages: number;
  /** Limits of the cgroup on top, of those below it, of the lone one; and what others may be, from and up to. */
  readonly limits: readonly [top: number, below: number, lone: number];
  readonly range: readonly [from: number, upTo: number];
}

const SMALL: Scale = { pages: 48, limits: [100, 40, 24], range: [8, 128] };
/** Room for some huge pages, and not for all. */
const HUGE: Scale = { pages: 1024, limits: [1800, 900, 620], range: [100, 1500] };

export class Load {
  readonly file: File;
  private readonly processes: Process[];

  private constructor(
    readonly kernel: Kernel,
    private readonly scale: Scale,
    /** The root, two below one, one below one of these, and a lone one. */
    readonly cgroups: readonly MemoryCgroup[],
  ) {
    this.file = kernel.createFile({ pages: FILE_PAGES, word: 1 });
    this.processes = cgroups.map((cgroup) => this.start(cgroup));
  }

  static async create(huge: boolean, memcgStat: Switches["memcgStat"]): Promise<Load> {
    const scale = huge ? HUGE : SMALL;
    const kernel = await createKernel({
      frames: huge ? 12_288 : 2048,
      swap: huge ? 8192 : 1024,
      transparentHugepage: huge ? "always" : "never",
      build: "checked",
      memcgStat,
    });
    const [most, below, lone] = scale.limits;
    const top = kernel.createCgroup("top", { hierarchy: true, limit: most });
    const a = kernel.createCgroup("a", { parent: top, limit: below });
    const others = [
      kernel.createCgroup("b", { parent: top, limit: below }),
      kernel.createCgroup("deep", { parent: a }),
      kernel.createCgroup("lone", { limit: lone }),
    ];
    return new Load(kernel, scale, [kernel.rootCgroup, top, a, ...others]);
  }

  /** A process with memory of its own, and the file. */
  start(cgroup: MemoryCgroup): Process {
    const process = this.kernel.spawn({ cgroup });
    const { pages } = this.scale;
    process.mmap({ address: BASE, length: pages * PAGE, fixed: true });
    const address = BASE + pages * PAGE;
    const length = FILE_PAGES * PAGE;
    process.mmap({ address, length, fixed: true, file: this.file, shared: true });
    return process;
  }

  /** The first processes were started in one cgroup each. */
  processOf(index: number): Process {
    return this.processes[index]!;
  }

  perform([what, who, where]: Step): void {
    const { kernel, cgroups, processes } = this;
    const process = processes[who % processes.length]!;
    const cgroup = cgroups[where % cgroups.length]!;
    const address = BASE + this.place(where) * PAGE;
    if (what < 40) attempt(() => process.write(address, where));
    else if (what < 58) attempt(() => process.read(address));
    else if (what < 64) {
      // A locked VMA keeps its pages.
      attempt(() => process.madvise(address, PAGE, "dontneed"), "EINVAL");
    } else if (what < 72) attempt(() => cgroup.move(process));
    else if (what < 75) this.fork(process);
    else if (what < 77) kernel.reclaim(1 + (where % 16));
    else if (what < 79) attempt(() => cgroup.reclaim(1 + (where % 16)));
    else if (what < 82) attempt(() => process.mlock(address, PAGE));
    else if (what < 85) process.munlock(address, PAGE);
    else if (what < 88) this.onPage(process, address, (page) => kernel.migratePage(page));
    else if (what < 90) this.onPage(process, address, (page) => kernel.splitHugePage(page));
    else if (what < 92) attempt(() => process.collapse(address));
    else if (what < 93) this.comeAndGo(cgroup, process);
    else if (what < 94) attempt(() => kernel.swapoff(0), "EINVAL");
    else if (what < 95) attempt(() => kernel.swapon(2048), "EPERM");
    else if (what < 98) this.limit(cgroup, who);
    else this.replace(process, cgroup);
  }

  /** Everything is allowed from now on, so nothing is reclaimed for a charge. */
  liftLimits(): void {
    for (const cgroup of this.cgroups.slice(1)) cgroup.setLimit(null);
  }

  /** What is in stock goes back, so that only pages count. */
  emptyStocks(): void {
    const spare = this.kernel.createCgroup("spare");
    const process = this.start(spare);
    process.write(BASE, 1);
    process.exit();
    spare.remove();
  }

  /** A cgroup whose counter says more than its limit, or less than 0 of something; null if there is none. */
  brokenLimit(): string | null {
    for (const { name, limit, usage, ...cgroup } of this.cgroups.map(snapshot)) {
      if (usage > (limit ?? Infinity) + BATCH) return `${name}: ${usage} of ${limit}`;
      if (cgroup.mapped < 0) return `${name}: mapped_file ${cgroup.mapped}`;
    }
    return null;
  }

  /** The pages that are charged to each cgroup, found by going through all frames. */
  recount(): Map<number, number> {
    const found = new Map(this.cgroups.map(({ number }) => [number, 0]));
    const { frames } = this.kernel.options;
    for (let frame = 1; frame <= frames; frame++) {
      const page = pageOf(this.kernel, frame);
      if (page === null || page.cgroup === 0) continue;
      for (const number of this.counted(page.cgroup)) found.set(number, found.get(number)! + 1);
    }
    return found;
  }

  /** A cgroup and those above it that are charged for it. */
  private counted(number: number): number[] {
    const cgroup = this.cgroups.find((one) => one.number === number)!;
    const { parent } = cgroup;
    return parent?.hierarchy === true ? [number, ...this.counted(parent.number)] : [number];
  }

  /** Where huge pages begin, and all over the rest. */
  private place(where: number): number {
    const all = this.scale.pages + FILE_PAGES;
    return this.scale === SMALL || where % 3 === 0 ? where % all : (where * 7) % 40;
  }

  private fork(process: Process): void {
    if (this.processes.length < MOST) this.processes.push(process.fork());
  }

  private onPage(process: Process, address: number, action: (page: Page) => unknown): void {
    const page = process.pageAt(address);
    if (page !== null) attempt(() => action(page));
  }

  /** A cgroup that is there for a moment: a process visits it, and leaves something there. */
  private comeAndGo(parent: MemoryCgroup, process: Process): void {
    const short = this.kernel.createCgroup("short", { parent });
    const home = process.memoryCgroup;
    attempt(() => short.move(process));
    attempt(() => process.write(BASE + 5 * PAGE, 1));
    attempt(() => home.move(process));
    if (process.memoryCgroup === short) this.kernel.rootCgroup.move(process);
    attempt(() => short.forceEmpty());
    short.remove();
  }

  private limit(cgroup: MemoryCgroup, who: number): void {
    const [from, upTo] = this.scale.range;
    if (cgroup !== this.kernel.rootCgroup) {
      attempt(() => cgroup.setLimit(from + (who % (upTo - from))));
    }
  }

  private replace(process: Process, cgroup: MemoryCgroup): void {
    process.exit();
    this.processes[this.processes.indexOf(process)] = this.start(cgroup);
  }
}

function snapshot(cgroup: MemoryCgroup) {
  const { name, limit, usage } = cgroup;
  return { name, limit, usage, mapped: cgroup.stat().mapped_file };
}

function pageOf(kernel: Kernel, frame: number): Page | null {
  try {
    return kernel.page(frame);
  } catch (error) {
    if (error instanceof KernelError && error.code === "ESTALE") return null;
    throw error;
  }
}

/** Refusals of these kinds are what a limit is for; others that an action may meet are named. */
function attempt(action: () => void, ...others: string[]): void {
  try {
    action();
  } catch (error) {
    const refusals = ["ENOMEM", "EBUSY", "EAGAIN", ...others];
    if (error instanceof KernelError && refusals.includes(error.code)) return;
    throw error;
  }
}
