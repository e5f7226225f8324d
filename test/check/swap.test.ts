import { describe } from "vitest";
import { damageTest, hex } from "./damage.js";
import { SWAPPED } from "./family.js";

describe("I4: swap is counted", () => {
  damageTest("a swap slot's count is compared with its entries", ({ raw, parent }) => {
    const slot = raw.swapSlot(parent, SWAPPED);
    slot.add("count", 1);
    return [`I4 the swap slot of page ${slot.get("frame")} counts 4, 3 swap entries refer to it`];
  });

  damageTest("a swap slot that lost its page is named", ({ raw, parent }) => {
    const slot = raw.swapSlot(parent, SWAPPED);
    const frame = slot.get("frame");
    slot.set("frame", 0);
    return [
      `I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`,
      `I4 page ${frame} and a swap slot do not agree on whether it is in the swap cache`,
    ];
  });

  damageTest("a swap entry whose slot does not exist is named", ({ raw, child }) => {
    const slot = raw.swapSlot(child, SWAPPED);
    const at = raw.entryAt(child, SWAPPED);
    raw.set64(at, raw.get64(at) + 200 * 4096);
    return [
      `I4 the swap entry at ${hex(SWAPPED)} of process 2 names a slot that is not in use`,
      `I4 the swap slot of page ${slot.get("frame")} counts 3, 2 swap entries refer to it`,
    ];
  });
});
