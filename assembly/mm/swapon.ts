// swapon.

import { Errno } from "../abi/result";
import { swapAreaAdd } from "../struct/swap-slot";

/** A new area: its number, or -EPERM when there are too many. */
export function swapOn(pages: u32, priority: i32): i32 {
  const area = swapAreaAdd(pages, priority);
  return area < 0 ? -Errno.EPERM : area;
}
