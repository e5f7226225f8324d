import { arches, createKernel, type Arch, type Switches } from "../../bindings/index.js";
import { HUGE } from "../model/units.js";
import { CoreSide } from "./core-side.js";

export type AnonIndex = "list" | "interval-tree";

/** What both the model and the core can be made with. */
export interface Limits extends Partial<Omit<Switches, "anonIndex">> {
  readonly maxMapCount?: number;
  /** Pages that an address space may lock. */
  readonly memlock?: number;
  readonly arch?: Arch;
  /** Page frames. The model has as many as it needs. */
  readonly frames?: number;
  /** Pages of the first swap area. */
  readonly swap?: number;
  readonly transparentHugepage?: "always" | "madvise" | "never";
  /** So many rows of frames have a broken one: all, then there is no room for a huge page. */
  readonly brokenRows?: number;
}

/** So little that it is sometimes over half full. */
export const SWAP = 64;

/** Frames of machines with huge pages: so many that there always are some in a row. */
export const MANY_FRAMES = 1 << 16;

const BUILDS = ["release", "checked", "explore"] as const;

/** One core in each of the three builds, all with the same index. */
export class Builds {
  private constructor(
    readonly anonIndex: AnonIndex,
    private readonly empty: readonly { side: CoreSide; restore: () => void }[],
  ) {}

  static async create(anonIndex: AnonIndex, limits: Limits = {}): Promise<Builds> {
    const { brokenRows = 0, ...options } = limits;
    const sides = BUILDS.map(async (build) => {
      const kernel = await createKernel({
        frames: 8192,
        swap: SWAP,
        ...options,
        anonIndex,
        build,
      });
      for (let row = 1; row <= brokenRows; row++) kernel.memoryFailure(row * HUGE);
      const snapshot = kernel.snapshot();
      return {
        side: new CoreSide(kernel, `${build} with ${anonIndex}, ${kernel.options.arch}`),
        restore: (): void => {
          kernel.restore(snapshot);
        },
      };
    });
    return new Builds(anonIndex, await Promise.all(sides));
  }

  /** All of them, as they were when they were made. */
  fresh(): CoreSide[] {
    return this.empty.map(({ side, restore }) => {
      restore();
      return new CoreSide(side.kernel, side.name);
    });
  }

  dispose(): void {
    for (const { side } of this.empty) side.kernel.dispose();
  }
}

/** Builds of machines of both kinds. */
export class Machines {
  private constructor(private readonly builds: readonly (readonly [Arch, Builds])[]) {}

  static async create(anonIndex: AnonIndex, limits: Limits = {}): Promise<Machines> {
    const made = arches.map(
      async (arch) => [arch, await Builds.create(anonIndex, { ...limits, arch })] as const,
    );
    return new Machines(await Promise.all(made));
  }

  fresh(arch: Arch): CoreSide[] {
    const found = this.builds.find(([kind]) => kind === arch);
    if (found === undefined) throw new Error(`no machine of kind ${arch}`);
    return found[1].fresh();
  }

  dispose(): void {
    for (const [, builds] of this.builds) builds.dispose();
  }
}
