import { KernelError } from "../core/kernel-error.js";
import { refused } from "./argument.js";
import type { Context } from "./context.js";

/** A class of such objects; `accepted` is what messages call one: "a Page of this kernel". */
type HeldClass = (abstract new (...args: never) => Held) & { readonly accepted: string };

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

  /**
   * The handle of an argument, for the core of a kernel.
   *
   * @param call what was called, and `name` its argument, for messages
   * @param accepted what the call takes, if that is more than objects of this class
   * @throws KernelError EINVAL when the argument is no object of this class or belongs to another kernel,
   *   ESTALE
   */
  static handleOf(
    this: HeldClass,
    context: Context,
    value: unknown,
    call: string,
    name: string,
    accepted?: string,
  ): number {
    // Not `instanceof this`, which engines look up anew for each class: batches of accesses come by here.
    if (!(value instanceof Held) || value.constructor !== this) {
      const display = value instanceof Held ? value.label : undefined;
      throw refused(call, name, value, accepted ?? this.accepted, display);
    }
    if (value.context === context) return value.handle;
    throw refused(call, name, value, this.accepted, `${value.label} of another kernel`);
  }
}
