import { describe, expect } from "vitest";
import { damageTest, hex } from "./damage.js";
import { SWAPPED } from "./family.js";

const SWAP_AREAS = 0x7e00;

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

  damageTest("what an area counts is compared with its slots", ({ raw }) => {
    const area = raw.record(SWAP_AREAS, "SwapArea");
    area.add("inUse", 1);
    const [inUse, limit] = [area.get("inUse"), area.get("limit")];
    return [`I4 swap area 0 of ${limit} pages counts ${inUse} in use, it has ${inUse - 1} slot`];
  });

  damageTest("the size of swap is compared with that of its areas", ({ raw }) => {
    const pages = raw.header.get("swapLimit");
    raw.header.add("swapLimit", 1);
    return [`I4 swap counts ${pages + 1} pages in all, its areas have ${pages}`];
  });

  damageTest("an address space that swapoff would pass over is named", ({ raw, child }) => {
    raw.mm(child).set("onMmlist", 0);
    return ["I4 process 2 has swap entries, but is not where swapoff looks for them"];
  });

  damageTest("a frame for a count that needs none is named", ({ raw, parent }) => {
    const slot = raw.swapSlot(parent, SWAPPED);
    slot.set("continuation", 9999);
    return ["I4 a swap slot with a count of 3 has frame 9999 for what it has no room for"];
  });

  damageTest("a slot that is written to after it was freed is named", ({ raw, kernel, parent }) => {
    const process = kernel.spawn();
    const address = process.mmap({ length: 4096 });
    process.write(address, 1);
    const page = process.pageAt(address)!;
    if (kernel.shrinkPage(page, { force: true }) !== "reclaimed") throw new Error("it stayed");
    const slot = raw.swapSlot(process, address);
    expect(slot.address).not.toBe(raw.swapSlot(parent, SWAPPED).address);
    process.exit();
    slot.set("area", 0);
    return ["I10 1 freed record of swap slots was written to"];
  });
});
