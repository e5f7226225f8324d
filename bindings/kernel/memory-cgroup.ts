import { LruList, Op, Reclaim } from "../../assembly/abi.js";
import { checkOptions, integer, MAX_COUNT, type OptionTypes } from "./argument.js";
import { failed, type Context } from "./context.js";
import { Held } from "./held.js";

/** Pages on each list of reclaim. */
export interface LruCounts {
  readonly inactiveAnon: number;
  readonly activeAnon: number;
  readonly inactiveFile: number;
  readonly activeFile: number;
  readonly unevictable: number;
}

/** How to reclaim. */
export interface BackgroundOptions {
  /** As kswapd does, which also writes dirty pages of files; default: as an allocation does. */
  readonly background?: boolean;
}

const backgroundOptions: OptionTypes<BackgroundOptions> = { background: "flag" };

/** A memory cgroup: pages are charged to it, and it has lists of its own that reclaim goes over. */
export class MemoryCgroup extends Held {
  /** @internal */
  static readonly accepted = "a MemoryCgroup of this kernel";
  /** 0 is the root. */
  readonly number: number;

  /** Made by createCgroup(): not for users. */
  constructor(
    context: Context,
    handle: number,
    readonly name: string,
  ) {
    super(context, handle);
    this.number = context.machine.core.memcgField(handle, 0);
  }

  protected override get label(): string {
    return `cgroup ${this.name || this.number}`;
  }

  #field(field: number): number {
    const value = this.context.machine.core.memcgField(this.handle, field);
    if (value < 0) throw failed(value, this.label);
    return value;
  }

  /** Pages on its lists. @throws KernelError ESTALE */
  get pages(): number {
    return this.#field(1);
  }

  /** Pages on each of its lists. @throws KernelError ESTALE */
  lru(): LruCounts {
    return {
      inactiveAnon: this.#field(2 + LruList.InactiveAnon),
      activeAnon: this.#field(2 + LruList.ActiveAnon),
      inactiveFile: this.#field(2 + LruList.InactiveFile),
      activeFile: this.#field(2 + LruList.ActiveFile),
      unevictable: this.#field(2 + LruList.Unevictable),
    };
  }

  /** kernel.reclaim() of this cgroup's pages alone. @throws KernelError EINVAL, ESTALE */
  reclaim(pages: number, options: BackgroundOptions = {}): number {
    integer("reclaim", "pages", pages, 0, MAX_COUNT);
    checkOptions("reclaim", options, backgroundOptions);
    const kind = options.background ? Reclaim.Background : Reclaim.Direct;
    const result = this.context.machine.call(Op.Reclaim, this.handle, pages, kind);
    if (result < 0) throw failed(result, `reclaim(${pages}) of ${this.label}`);
    return result;
  }
}

/** The handle of a cgroup that is an option; 0 where none is given. @throws KernelError EINVAL, ESTALE */
export function cgroupOf(context: Context, cgroup: MemoryCgroup | undefined, call: string): number {
  return cgroup === undefined ? 0 : MemoryCgroup.handleOf(context, cgroup, call, "cgroup");
}
