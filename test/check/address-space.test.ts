import { describe } from "vitest";
import { damageTest, hex } from "./damage.js";
import { HEAP, PRIVATE_FILE, SHARED_FILE, SPLIT } from "./family.js";
import { RawRecord } from "./raw-machine.js";

const PAGE = 4096;
const MM_NODE = 60;
const RED = 1;

describe("VMAs of an address space", () => {
  damageTest("overlapping VMAs are named", ({ raw, kernel }) => {
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true });
    process.mmap({ address: HEAP + PAGE, length: PAGE, fixed: true, prot: "r" });
    raw.vma(process, HEAP).add("end", PAGE);
    return [
      `I11 the VMA at ${hex(HEAP + PAGE)} of process 4 begins before the end, ` +
        `${hex(HEAP + 2 * PAGE)}, of the one before it`,
    ];
  });

  damageTest("a bound inside a page is named", ({ raw, kernel }) => {
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true });
    raw.vma(process, HEAP).add("end", 8);
    return [
      `I11 the VMA at ${hex(HEAP)} of process 4 ends at ${hex(HEAP + PAGE + 8)}: its bounds are ` +
        "empty, not page-aligned, or too high",
    ];
  });

  damageTest("a link back that is wrong is named", ({ raw, child }) => {
    raw.vma(child, SPLIT).set("prev", 0);
    return [`I11 the list of VMAs of process 2 has links that do not agree, at ${hex(SPLIT)}`];
  });

  damageTest("a list that runs in a circle is named once", ({ raw, child }) => {
    raw.vma(child, SHARED_FILE).set("next", raw.vma(child, HEAP).address);
    return [
      `I11 the list of VMAs of process 2 has links that do not agree, at ${hex(SHARED_FILE)}`,
    ];
  });

  damageTest("a tree that lacks a VMA of the list is named", ({ raw, child }) => {
    const leaf = [HEAP, PRIVATE_FILE, SHARED_FILE]
      .map((at) => raw.vma(child, at))
      .find((vma) => vma.get("mmParent") & RED && !vma.get("mmLeft") && !vma.get("mmRight"));
    if (!leaf) throw new Error("no red leaf");
    const up = new RawRecord(raw, (leaf.get("mmParent") & ~RED) - MM_NODE, "Vma");
    const side = up.get("mmLeft") === leaf.address + MM_NODE ? "mmLeft" : "mmRight";
    up.set(side, 0);
    return [`I11 list and tree of the VMAs of process 2 differ from ${hex(leaf.get("start"))} on`];
  });

  damageTest("a remembered VMA of another process is named", ({ raw, parent, child }) => {
    raw.mm(child).set("mmapCache", raw.vma(parent, HEAP).address);
    return ["I11 the VMA that process 2 remembers as the last one found is not one of its own"];
  });
});
