import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { MAX_SWAP_AREAS } from "../../assembly/abi/unit.js";
import type { Core } from "../core/core.js";
import { checkOptions, integer, MAX_COUNT, type OptionTypes } from "./argument.js";
import { failed, type Context } from "./context.js";
import { readVmStat } from "./vm-statistics.js";

/** A part of swap, as /proc/swaps lists it. */
export interface SwapArea {
  /** As swapon() gave it: 0 is the one that a kernel begins with. */
  readonly number: number;
  /** Its size. */
  readonly pages: number;
  /** Pages of it in use, by entries or the swap cache. */
  readonly used: number;
  /** Areas with a higher one are filled first; negative for those that were given none. */
  readonly priority: number;
}

/** The areas in use, by number. */
export function readSwapAreas(core: Core): SwapArea[] {
  return Array.from({ length: MAX_SWAP_AREAS }, (_, number) => ({
    number,
    pages: core.swapAreaField(number, 0),
    used: core.swapAreaField(number, 1),
    priority: core.swapAreaField(number, 2),
  })).filter(({ pages }) => pages > 0);
}

/** Options of swapon. */
export interface SwapOptions {
  /** 0 to 32767; -1, as without it: lower than those of all areas so far. */
  readonly priority?: number;
}

const swapOptions: OptionTypes<SwapOptions> = { priority: "any" };

const MAX_PRIORITY = 32767;

/** Takes an area into use. @returns its number @throws KernelError EINVAL, EPERM when there are eight */
export function swapon({ machine }: Context, pages: number, options: SwapOptions): number {
  integer("swapon", "pages", pages, 1, MAX_COUNT);
  checkOptions("swapon", options, swapOptions);
  const { priority = -1 } = options;
  integer("swapon", "priority", priority, -1, MAX_PRIORITY);
  const area = machine.call(Op.SwapOn, pages, priority + 1);
  if (area >= 0) return area;
  const why =
    area === -Errno.EPERM
      ? `there are ${MAX_SWAP_AREAS} swap areas, and no more than that`
      : `pages is ${pages}, accepted: up to ${MAX_COUNT} in all swap areas together`;
  throw failed(area, `swapon(${pages})`, why);
}

/** Takes an area out of use. @throws KernelError EINVAL for no area, ENOMEM when its pages do not fit */
export function swapoff(context: Context, area: number): void {
  integer("swapoff", "area", area, 0, MAX_SWAP_AREAS - 1);
  const result = context.machine.call(Op.SwapOff, area);
  if (result >= 0) return;
  const why =
    result === -Errno.EINVAL
      ? `area is ${area}, accepted: a swap area in use`
      : whyStaysOn(context, area);
  throw failed(result, `swapoff(${area})`, why);
}

/** A memory cgroup's limit sends pages back to where they came from. */
function whyStaysOn(context: Context, area: number): string {
  const { core } = context.machine;
  const used = readSwapAreas(core).find(({ number }) => number === area)?.used ?? 0;
  const limited =
    context.hasCgroupsBelow(context.cgroupOf(core.memcgRoot())) &&
    used <= readVmStat(core).nr_free_pages;
  return limited
    ? "what is in it does not fit within the limits of memory cgroups"
    : "what is in it does not fit in the frames that are free";
}
