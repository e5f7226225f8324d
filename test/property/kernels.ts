import { createKernel, type KernelOptions } from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";

export type AnonIndex = "list" | "interval-tree";

const BUILDS = ["release", "checked", "explore"] as const;

/** One core in each of the three builds, all with the same index. */
export class Builds {
  private constructor(
    readonly anonIndex: AnonIndex,
    private readonly empty: readonly { side: CoreSide; restore: () => void }[],
  ) {}

  static async create(anonIndex: AnonIndex, options: KernelOptions = {}): Promise<Builds> {
    const sides = BUILDS.map(async (build) => {
      const kernel = await createKernel({ frames: 8192, ...options, anonIndex, build });
      const snapshot = kernel.snapshot();
      return {
        side: new CoreSide(kernel, `${build} with ${anonIndex}`),
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
