import { Reclaim } from "../../assembly/abi/argument.js";
import { LruList } from "../../assembly/abi/counter.js";
import { MemcgField } from "../../assembly/abi/field.js";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { KernelError } from "../core/kernel-error.js";
import { checkOptions, flag, integer, MAX_COUNT, refused, type OptionTypes } from "./argument.js";
import { failed, type Context } from "./context.js";
import { Held } from "./held.js";
import { readMemoryStat, type MemoryStat } from "./memory-stat.js";
import { Process } from "./process.js";
import type { ThresholdCallback } from "./threshold.js";

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

/** Options of createCgroup. */
export interface CgroupOptions {
  /** Below which it is. Default: the root. */
  readonly parent?: MemoryCgroup;
  /** Is what is below it charged to it as well? Default: as its parent has it. */
  readonly hierarchy?: boolean;
  /** Pages that may be charged to it. Default: no limit. */
  readonly limit?: number | null;
}

const backgroundOptions: OptionTypes<BackgroundOptions> = { background: "flag" };

/** The largest limit; null is none. */
const MAX_LIMIT = 2 ** 32 - 2;

/** A limit as the core takes it: one more, as 0 is none. @throws KernelError EINVAL */
export function limitCode(call: string, pages: number | null): number {
  if (pages === null) return 0;
  if (Number.isInteger(pages) && pages >= 0 && pages <= MAX_LIMIT) return pages + 1;
  throw refused(call, "limit", pages, `integers from 0 to ${MAX_LIMIT}, null`);
}

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
    this.number = context.machine.core.memcgField(handle, MemcgField.Number);
  }

  protected override get label(): string {
    return `cgroup ${this.name || this.number}`;
  }

  #field(field: number): number {
    const value = this.context.machine.core.memcgField(this.handle, field);
    if (value === -Errno.ESTALE) throw failed(value, this.label, "it was removed");
    return value;
  }

  #run(op: Op, value: number, operation: string, why: (errno: Errno) => string): void {
    const result = this.context.machine.call(op, this.handle, value);
    if (result >= 0) return;
    const detail = result === -Errno.ESTALE ? "it was removed" : why(-result);
    throw failed(result, `${operation} of ${this.label}`, detail);
  }

  /** False once it was removed. */
  get exists(): boolean {
    const { core } = this.context.machine;
    return this.current && core.memcgField(this.handle, MemcgField.Number) >= 0;
  }

  /** The one that it is below; null for the root. @throws KernelError ESTALE */
  get parent(): MemoryCgroup | null {
    const handle = this.#field(MemcgField.Parent);
    return handle ? this.context.cgroupOf(handle) : null;
  }

  /** Is what is charged to those below it charged to it as well (memory.use_hierarchy)? @throws KernelError ESTALE */
  get hierarchy(): boolean {
    return this.#field(MemcgField.Hierarchy) === 1;
  }

  /**
   * @throws KernelError EBUSY when there is something below it, EINVAL for false where the parent is hierarchical,
   *   ESTALE
   */
  setHierarchy(on: boolean): void {
    const value = flag("setHierarchy", "on", on) ? 1 : 0;
    this.#run(Op.SetMemcgHierarchy, value, `setHierarchy(${on})`, (errno) =>
      errno === Errno.EBUSY ? "there are cgroups below it" : "its parent is hierarchical",
    );
  }

  /** Pages that may be charged to it and to what it is hierarchical for; null: no limit. @throws KernelError ESTALE */
  get limit(): number | null {
    const limit = this.#field(MemcgField.Limit);
    return limit < 0 ? null : limit;
  }

  /**
   * Sets the limit; if more is charged it is reclaimed first.
   *
   * @throws KernelError EBUSY when so much can't be reclaimed, EINVAL for the root, ESTALE
   */
  setLimit(pages: number | null): void {
    const code = limitCode("setLimit", pages);
    this.#run(Op.LimitMemcg, code, `setLimit(${pages})`, (errno) =>
      errno === Errno.EBUSY
        ? `its usage is ${this.usage}${this.#advance()}, and no more can be reclaimed`
        : "the root has no limit",
    );
  }

  /** How much of its usage is no page yet, but the rest of a batch; empty if nothing is. */
  #advance(): string {
    const { total_cache: cache, total_rss: rss } = this.stat();
    const rest = this.usage - cache - rss;
    return rest > 0 ? `, of which ${rest} ${rest === 1 ? "is" : "are"} charged in advance` : "";
  }

  /**
   * Pages that are charged to it, with the rest of a batch of 32 that was charged in advance. Of the root, which
   * is not charged: the pages of all.
   *
   * @throws KernelError ESTALE
   */
  get usage(): number {
    return this.#field(MemcgField.Usage);
  }

  /** The most it has been since resetMaxUsage(). @throws KernelError ESTALE */
  get maxUsage(): number {
    return this.#field(MemcgField.MaxUsage);
  }

  /** How often its limit was in the way since resetFailcnt(). @throws KernelError ESTALE */
  get failcnt(): number {
    return this.#field(MemcgField.Failcnt);
  }

  /** From now on maxUsage counts from what is charged now. @throws KernelError ESTALE */
  resetMaxUsage(): void {
    this.#run(Op.ResetMemcg, 0, "resetMaxUsage()", () => "");
  }

  /** failcnt counts from 0 again. @throws KernelError ESTALE */
  resetFailcnt(): void {
    this.#run(Op.ResetMemcg, 1, "resetFailcnt()", () => "");
  }

  /** memory.stat. @throws KernelError ESTALE */
  stat(): MemoryStat {
    return readMemoryStat((field) => this.#field(field));
  }

  /** Address spaces in it. @throws KernelError ESTALE */
  get spaces(): number {
    return this.#field(MemcgField.Spaces);
  }

  /**
   * Calls back whenever the usage comes to a number of pages, or goes below it: after the call, or the batch, that
   * did it.
   *
   * @returns ends that
   * @throws KernelError EINVAL, ESTALE
   */
  onThreshold(pages: number, callback: ThresholdCallback): () => void {
    integer("onThreshold", "pages", pages, 0, MAX_COUNT);
    if (typeof callback !== "function") {
      throw refused("onThreshold", "callback", callback, "a function");
    }
    const { core } = this.context.machine;
    const { handle } = this;
    const usage = (): number | null => {
      const value = this.current ? core.memcgField(handle, MemcgField.Usage) : -1;
      return value < 0 ? null : value;
    };
    return this.context.thresholds.add(pages, usage, callback);
  }

  /**
   * Moves a process here, with all that share its address space. What is charged to its cgroup of its pages goes
   * along: anonymous pages that it maps or has in the swap cache, and pages of the files that it maps, touched or not.
   *
   * @throws KernelError ENOMEM when there is no room for what would move, and it stays where it is; ESRCH, ESTALE
   */
  move(process: Process): void {
    const task = Process.handleOf(this.context, process, "move", "process");
    const result = this.context.machine.call(Op.MoveTask, task, this.handle);
    if (result >= 0) return;
    const why: Partial<Record<Errno, string>> = {
      [Errno.ENOMEM]: `there is no room for its pages: ${this.usage} of ${this.limit} are charged`,
      [Errno.ESRCH]: "it has exited",
      [Errno.ESTALE]: `${this.label} was removed`,
    };
    throw failed(result, `move(${process.name}) to ${this.label}`, why[-result as Errno] ?? "");
  }

  /**
   * Reclaims what can be reclaimed, and leaves the rest to the cgroup above (memory.force_empty).
   *
   * @throws KernelError EBUSY with processes or cgroups in it, or pages that somebody has isolated; EINVAL for the
   *   root; ESTALE
   */
  forceEmpty(): void {
    this.#run(Op.EmptyMemcg, 0, "forceEmpty()", (errno) => this.#whyBusy(errno));
  }

  /**
   * Removes it: what is charged to it is charged to the one above, if that is hierarchical, else to the root. It is
   * ESTALE afterwards.
   *
   * @throws KernelError EBUSY with processes or cgroups in it, or pages that somebody has isolated; EINVAL for the
   *   root; ESTALE
   */
  remove(): void {
    this.#run(Op.RemoveMemcg, 0, "remove()", (errno) => this.#whyBusy(errno));
  }

  #whyBusy(errno: Errno): string {
    if (errno === Errno.EINVAL) return "the root stays";
    if (this.spaces) return "there are processes in it";
    return this.context.hasCgroupsBelow(this)
      ? "there are cgroups below it"
      : "a page that is charged to it is on no list, as it was isolated";
  }

  /** @internal Which limit keeps so many more pages from being charged to it; empty if none does. */
  whyFull(more = 1): string {
    const { limit, usage } = this;
    if (limit !== null && usage >= limit) return `${this.label} is at its limit of ${limit} pages`;
    if (limit !== null && usage + more > limit) {
      return `${this.label} has ${usage} pages and a limit of ${limit}, it would have ${more} more`;
    }
    return this.hierarchyAbove?.whyFull(more) ?? "";
  }

  /** Where its pages are charged as well. */
  private get hierarchyAbove(): MemoryCgroup | null {
    const { parent } = this;
    return parent?.hierarchy ? parent : null;
  }

  /** Pages on its lists. @throws KernelError ESTALE */
  get pages(): number {
    return this.#field(MemcgField.Pages);
  }

  /** Pages on each of its lists. @throws KernelError ESTALE */
  lru(): LruCounts {
    const list = (which: LruList): number => this.#field(MemcgField.Lru + which);
    return {
      inactiveAnon: list(LruList.InactiveAnon),
      activeAnon: list(LruList.ActiveAnon),
      inactiveFile: list(LruList.InactiveFile),
      activeFile: list(LruList.ActiveFile),
      unevictable: list(LruList.Unevictable),
    };
  }

  /** kernel.reclaim() of this cgroup's pages alone. @throws KernelError EINVAL, ESTALE */
  reclaim(pages: number, options: BackgroundOptions = {}): number {
    integer("reclaim", "pages", pages, 0, MAX_COUNT);
    checkOptions("reclaim", options, backgroundOptions);
    const kind = options.background ? Reclaim.Background : Reclaim.Direct;
    const result = this.context.machine.call(Op.Reclaim, this.handle, pages, kind);
    if (result >= 0) return result;
    throw failed(result, `reclaim(${pages}) of ${this.label}`, "it was removed");
  }

  /** @internal What is told of an operation that it was an option of, if that failed for it; empty if not. */
  static whyGone(result: number, cgroup: MemoryCgroup | undefined): string {
    const gone = result === -Errno.ESTALE && cgroup?.exists === false;
    return gone ? `${cgroup.label} was removed` : "";
  }
}

/** The handle of a cgroup that is an option; 0 where none is given. @throws KernelError EINVAL, ESTALE */
export function cgroupOf(context: Context, cgroup: MemoryCgroup | undefined, call: string): number {
  return cgroup === undefined ? 0 : MemoryCgroup.handleOf(context, cgroup, call, "cgroup");
}

const cgroupOptions: OptionTypes<CgroupOptions> = {
  parent: "any",
  hierarchy: "flag",
  limit: "any",
};

/** Makes a cgroup with everything that its options say. @throws KernelError EINVAL, ENOMEM, ESTALE */
export function makeCgroup(context: Context, name: string, options: CgroupOptions): MemoryCgroup {
  const call = "createCgroup";
  checkOptions(call, options, cgroupOptions);
  const limit = options.limit === undefined ? 0 : limitCode(call, options.limit);
  const above = options.parent;
  const parent = above === undefined ? 0 : MemoryCgroup.handleOf(context, above, call, "parent");
  if (options.hierarchy === false && above?.hierarchy) {
    throw new KernelError(
      "EINVAL",
      `${call}()`,
      "hierarchy is false, accepted: true, as its parent has it",
    );
  }
  const handle = context.machine.call(Op.MakeMemcg, parent);
  if (handle < 0) {
    const why = MemoryCgroup.whyGone(handle, above) || "memory is exhausted";
    throw failed(handle, `${call}()`, why);
  }
  const cgroup = new MemoryCgroup(context, handle, name);
  // Neither can be refused: nothing is charged to it, and nothing is below it.
  if (options.hierarchy !== undefined) cgroup.setHierarchy(options.hierarchy);
  if (limit) context.machine.call(Op.LimitMemcg, handle, limit);
  return cgroup;
}
