import { MemcgField } from "../../assembly/abi/field.js";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { flag, integer, MAX_COUNT, refused } from "./argument.js";
import { limitCode, reclaimKind, type BackgroundOptions } from "./cgroup-options.js";
import { cgroupInWords, whyBusy, whyNotLimited, whyNotMoved } from "./cgroup-refusal.js";
import { failed, type Context } from "./context.js";
import { Held } from "./held.js";
import { readLruCounts, type LruCounts } from "./lru-counts.js";
import { readMemoryStat, type MemoryStat } from "./memory-stat.js";
import { Process } from "./process.js";
import type { ThresholdCallback } from "./threshold.js";

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
    return cgroupInWords(this);
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
    this.#run(Op.LimitMemcg, code, `setLimit(${pages})`, (errno) => whyNotLimited(errno, this));
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
    throw failed(result, `move(${process.name}) to ${this.label}`, whyNotMoved(-result, this));
  }

  /**
   * Reclaims what can be reclaimed, and leaves the rest to the cgroup above (memory.force_empty).
   *
   * @throws KernelError EBUSY with processes or cgroups in it, or pages that somebody has isolated; EINVAL for the
   *   root; ESTALE
   */
  forceEmpty(): void {
    this.#run(Op.EmptyMemcg, 0, "forceEmpty()", (errno) => whyBusy(errno, this.context, this));
  }

  /**
   * Removes it: what is charged to it is charged to the one above, if that is hierarchical, else to the root. It is
   * ESTALE afterwards.
   *
   * @throws KernelError EBUSY with processes or cgroups in it, or pages that somebody has isolated; EINVAL for the
   *   root; ESTALE
   */
  remove(): void {
    this.#run(Op.RemoveMemcg, 0, "remove()", (errno) => whyBusy(errno, this.context, this));
  }

  /** Pages on its lists. @throws KernelError ESTALE */
  get pages(): number {
    return this.#field(MemcgField.Pages);
  }

  /** Pages on each of its lists. @throws KernelError ESTALE */
  lru(): LruCounts {
    return readLruCounts((field) => this.#field(field));
  }

  /** kernel.reclaim() of this cgroup's pages alone. @throws KernelError EINVAL, ESTALE */
  reclaim(pages: number, options: BackgroundOptions = {}): number {
    integer("reclaim", "pages", pages, 0, MAX_COUNT);
    const kind = reclaimKind(options);
    const result = this.context.machine.call(Op.Reclaim, this.handle, pages, kind);
    if (result >= 0) return result;
    throw failed(result, `reclaim(${pages}) of ${this.label}`, "it was removed");
  }
}

/** The handle of a cgroup that is an option; 0 where none is given. @throws KernelError EINVAL, ESTALE */
export function cgroupOf(context: Context, cgroup: MemoryCgroup | undefined, call: string): number {
  return cgroup === undefined ? 0 : MemoryCgroup.handleOf(context, cgroup, call, "cgroup");
}
