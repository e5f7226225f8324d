import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createKernel,
  KernelError,
  type Arch,
  type ClientModel,
  type Kernel,
  type MmuNotifier,
  type Switches,
} from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";
import { Draws } from "./draws.js";
import { MANY_FRAMES, SWAP, type AnonIndex } from "./kernels.js";
import { Mirror } from "./mirror.js";
import { ModelSide } from "./model-side.js";
import { PAGE, type Operation, type Outcome } from "./operation.js";
import {
  hugeSequences,
  largeSpans,
  play,
  runs,
  sequences,
  spans,
  type Player,
  type Step,
} from "./sequence.js";
import { size } from "./size.js";

/** Of the operations that the size asks for: half of them, 100,000 if nothing is said. */
const SHARE = 0.5;
/** Sequences with huge pages: an operation of theirs may be about hundreds of pages. */
const HUGE_SHARE = 0.05;
/** Of those with small pages, for kernels that tell in other places than v3.7. */
const OTHER_SHARE = 0.3;
/** One of so many operations is followed by accesses of the clients. */
const TOUCH_EVERY = 2;

/**
 * Going back in time is not for a table that JavaScript keeps, and the devices here are the test's own. They write to
 * pages that are clean as far as the model knows: with its key's mark such a change would be lost.
 */
const LEFT_OUT: readonly Operation["op"][] = [
  ...(["snapshot", "restore"] as const),
  ...(["device", "device-read", "device-write", "device-detach"] as const),
  "test-clear-changed",
];

/** The clients of one address space: a mirror in TypeScript, and the core's models, where they may be told. */
interface Watched {
  readonly mirror: Mirror;
  readonly models: readonly MmuNotifier[];
}

/** What clients bring in is charged too, so a limit would refuse other things on a core that has them. */
class UnlimitedModel extends ModelSide {
  override perform(operation: Operation): Outcome {
    return operation.op === "limit" ? 0 : super.perform(operation);
  }
}

/**
 * Plays what the model chooses on one core, where every address space has clients that come to its memory between the
 * operations. The model knows nothing of these, so the two are not compared.
 */
class MirroredCore implements Player {
  readonly model: ModelSide;
  /** Operations that were performed, notifications that the mirrors heard, pages that they showed, huge pages. */
  readonly counts = { operations: 0, told: 0, shown: 0, huge: 0 };
  private watched: Watched[] = [];
  private readonly models: readonly ClientModel[];

  constructor(private readonly core: CoreSide) {
    const { arch, transparentHugepage, notifierCalls } = core.kernel.options;
    // A network card would sleep under the page-table lock.
    this.models = notifierCalls === "under-ptl" ? ["kvm"] : ["kvm", "rdma"];
    this.model = new UnlimitedModel({ swap: SWAP, arch, transparentHugepage });
  }

  after({ operation, count }: Step): void {
    if (operation.op === "limit") return;
    if (operation.op === "exec" || operation.op === "exit") this.leave(operation.process);
    this.core.perform(operation);
    this.counts.operations++;
    this.watch();
    if (count % TOUCH_EVERY === 0) this.touch(count);
    for (const { mirror } of this.watched) mirror.compare();
  }

  end(): void {
    for (const { mirror } of this.watched) this.counts.told += mirror.told;
    this.counts.huge = this.core.kernel.vmstat().thp_fault_alloc;
    expect(this.core.kernel.verify()).toEqual([]);
  }

  /** A process leaves its address space: if others stay, the mirror is one of theirs. */
  private leave(number: number): void {
    const leaving = this.core.process(number);
    const left = this.watched.find(({ mirror }) => mirror.process === leaving)?.mirror;
    const staying = this.core.processes.find(
      (other) => other.alive && other !== leaving && other.sharesWith(leaving),
    );
    if (left !== undefined && staying !== undefined) left.process = staying;
  }

  /** Every living address space gets its clients. */
  private watch(): void {
    this.watched = this.watched.filter((it) => {
      if (!it.mirror.alive) this.counts.told += it.mirror.told;
      return it.mirror.alive;
    });
    for (const process of this.core.processes) {
      if (!process.alive || this.watched.some(({ mirror }) => mirror.watches(process))) continue;
      const models = this.models.map((model) => process.registerNotifier({ model }));
      // In another order each time: whoever comes last is told first.
      const mirror = new Mirror(process);
      this.watched.push({ mirror, models });
    }
  }

  private touch(count: number): void {
    const draws = new Draws([count, Math.imul(count, 0x9e3779b1) >>> 16, count * 7]);
    const watched = this.watched[draws.below(this.watched.length)];
    if (watched === undefined) return;
    const vmas = watched.mirror.process.vmas();
    const vma = vmas[draws.below(vmas.length)];
    if (vma === undefined) return;
    const all = (vma.end - vma.start) / PAGE;
    // Mostly the same few pages, so that much of what is touched is still there.
    const pages = draws.chance(1, 4) ? all : Math.min(all, 64);
    const address = vma.start + draws.below(pages) * PAGE;
    const write = draws.chance(1, 2);
    const { mirror, models } = watched;
    ignoreRefusals(() => mirror.touch(address, write));
    for (const model of models) {
      ignoreRefusals(() => (write ? model.write(address, count) : model.read(address)));
    }
    this.counts.shown += mirror.pages;
  }
}

function ignoreRefusals(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof KernelError) || error.code === "BUG") throw error;
  }
}

type Told = Partial<Pick<Switches, "notifierCalls" | "invalidatePage">>;

const inside: Told = { notifierCalls: "under-ptl" };
const ranges: Told = { invalidatePage: "range" };

describe.each<[AnonIndex, Arch, "huge pages" | "small pages", Told]>([
  ["list", "x86-64", "small pages", {}],
  ["interval-tree", "x86-64", "small pages", {}],
  ["interval-tree", "s390x", "small pages", {}],
  ["interval-tree", "x86-64", "huge pages", {}],
  ["interval-tree", "s390x", "huge pages", {}],
  ["list", "x86-64", "small pages", inside],
  ["interval-tree", "s390x", "small pages", inside],
  ["interval-tree", "x86-64", "huge pages", inside],
  ["interval-tree", "x86-64", "small pages", ranges],
  ["interval-tree", "s390x", "huge pages", ranges],
])("clients of a kernel with the %s index, %s, %s, %o", (anonIndex, arch, pages, told) => {
  const huge = pages === "huge pages";
  const usual = Object.keys(told).length === 0;
  const share = huge ? HUGE_SHARE : SHARE * (usual ? 1 : OTHER_SHARE);
  let kernel: Kernel;
  let restore: () => void;
  beforeAll(async () => {
    kernel = await createKernel({
      ...(huge ? { frames: MANY_FRAMES, transparentHugepage: "always" } : { frames: 8192 }),
      ...{ swap: SWAP, anonIndex, arch, build: "checked", ...told },
    });
    const empty = kernel.snapshot();
    restore = (): void => {
      kernel.restore(empty);
    };
  });
  afterAll(() => {
    kernel.dispose();
  });

  it(
    "never show what the page table does not, once a notification has returned",
    () => {
      const sum = { operations: 0, told: 0, shown: 0, huge: 0 };
      fc.assert(
        fc.property(
          huge ? hugeSequences : sequences,
          huge ? largeSpans : spans,
          (sequence, span) => {
            restore();
            const player = new MirroredCore(new CoreSide(kernel, anonIndex));
            let first = true;
            play(
              sequence.filter(({ kind }) => !LEFT_OUT.includes(kind)),
              () => {
                if (first) {
                  first = false;
                  return player;
                }
                restore();
                return new MirroredCore(new CoreSide(kernel, anonIndex));
              },
              span,
            );
            sum.operations += player.counts.operations;
            sum.told += player.counts.told;
            sum.shown += player.counts.shown;
            sum.huge += player.counts.huge;
          },
        ),
        { numRuns: Math.ceil(runs * share), seed: size.seed, endOnFailure: true },
      );
      expect(sum.operations).toBeGreaterThan(size.operations * share * 0.9);
      expect(sum.told).toBeGreaterThan(sum.operations);
      expect(sum.shown).toBeGreaterThan(sum.operations);
      if (huge) expect(sum.huge).toBeGreaterThan(sum.operations / 100);
    },
    size.patience,
  );
});
