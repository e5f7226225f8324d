import { KernelError } from "../core/kernel-error.js";
import type { Context } from "./context.js";

/** An object of the core as JavaScript holds it: by a handle that is good for one kernel and one past. */
export abstract class Held {
  /** @internal */
  protected readonly context: Context;
  readonly #handle: number;
  readonly #born: number;

  protected constructor(context: Context, handle: number) {
    this.context = context;
    this.#handle = handle;
    this.#born = context.lineage.mint();
  }

  /** What messages call it: "page 7". */
  protected abstract get label(): string;

  /** Does it belong to the machine's present past? Not after restore() of an earlier snapshot. */
  get current(): boolean {
    return this.context.lineage.holds(this.#born);
  }

  /** For the core. @throws KernelError ESTALE when it was met after the snapshot that was restored */
  get handle(): number {
    if (this.current) return this.#handle;
    throw new KernelError("ESTALE", this.label, "it was met after the snapshot that was restored");
  }

  /** For the core of that kernel. @throws KernelError EINVAL when it belongs to another, ESTALE */
  handleIn(context: Context): number {
    if (context === this.context) return this.handle;
    throw new KernelError("EINVAL", this.label, "it belongs to another kernel");
  }
}
