import { MAX_SWAP_AREAS } from "../../assembly/abi/unit.js";
import type { Core } from "../core/core.js";

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
