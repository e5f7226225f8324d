import { describe } from "vitest";
import { damageTest, hex } from "./damage.js";
import { HEAP, pageAt, SPLIT, type Family } from "./family.js";
import { RawRecord } from "./raw-machine.js";

const PAGE = 4096;
const RED = 1;

/** The tree node at an address. */
function node(family: Family, address: number): RawRecord {
  return new RawRecord(family.raw, address, "IntervalNode");
}

/** Root and both children of the index of the oldest anon_vma of the heap, which three processes share. */
function heapIndex(family: Family) {
  const anonVma = family.raw.anonVma(family.parent, HEAP);
  const root = node(family, anonVma.get("head"));
  const name = `the index of anon_vma ${anonVma.get("number")}`;
  return { anonVma, name, root, left: node(family, root.get("left")) };
}

/** "the VMA at 0x... of process 1" of a node's VMA. */
function vmaOf(family: Family, at: RawRecord): string {
  const vma = at.follow("vma", "Vma");
  const { pid } = family.kernel.processes.find(
    (process) => family.raw.mm(process).address === vma.get("mm"),
  ) ?? { pid: 0 };
  return `the VMA at ${hex(vma.get("start"))} of process ${pid}`;
}

describe("I11: the index of an anon_vma", () => {
  damageTest("a subtree's largest pgoff is compared with what is there", (family) => {
    const { name, root } = heapIndex(family);
    root.add("subtreeLast", 1);
    return [`I11 ${name} has a wrong largest pgoff for a subtree, at ${vmaOf(family, root)}`];
  });

  damageTest("a red root is named", (family) => {
    const { name, root } = heapIndex(family);
    root.set("parent", RED);
    return [`I11 ${name} has a red root, or a red node below a red one, at ${vmaOf(family, root)}`];
  });

  damageTest("a node of another colour unbalances the tree", (family) => {
    const { anonVma, left } = heapIndex(family);
    left.set("parent", left.get("parent") ^ RED);
    const [found] = family.kernel.verify();
    if (
      !/^the index of anon_vma \d+ (is out of balance|has a red root)/.test(found?.message ?? "")
    ) {
      throw new Error(`unexpected: ${found?.message}`);
    }
    if (!found?.message.includes(`anon_vma ${anonVma.get("number")} `)) throw new Error("which?");
    return [`I11 ${found.message}`];
  });

  damageTest("a child that does not link back is named", (family) => {
    const { name, root, left } = heapIndex(family);
    left.set("parent", (left.get("parent") & RED) + left.address);
    return [
      `I11 ${name} has a link that leads to no node, or to one that does not link back, at ` +
        vmaOf(family, root),
    ];
  });

  damageTest("a link that leads to no node is named", (family) => {
    const { name, root } = heapIndex(family);
    root.set("left", root.get("vma"));
    return [
      `I11 ${name} has a link that leads to no node, or to one that does not link back, at ` +
        vmaOf(family, root),
    ];
  });

  damageTest("an empty index lacks its VMA, and its pages can't be reached", (family) => {
    const { raw, kernel } = family;
    const other = kernel.spawn();
    other.mmap({ address: HEAP, length: PAGE, fixed: true });
    other.write(HEAP, 1);
    const anonVma = raw.anonVma(other, HEAP);
    anonVma.set("head", 0);
    const number = anonVma.get("number");
    return [
      `I11 the index of anon_vma ${number} lacks the VMA at ${hex(HEAP)} of process 4`,
      `I2 page ${other.pageAt(HEAP)?.frame} is mapped at ${hex(HEAP)} of process 4, but the VMA ` +
        `there is not in the index of its anon_vma ${number}`,
    ];
  });

  damageTest("an index that holds another anon_vma's link is named", ({ raw, kernel }) => {
    const [a, b] = [kernel.spawn(), kernel.spawn()];
    for (const process of [a, b]) {
      process.mmap({ address: HEAP, length: PAGE, fixed: true });
      process.write(HEAP, 1);
    }
    const anonVma = raw.anonVma(a, HEAP);
    anonVma.set("head", raw.anonVma(b, HEAP).get("head"));
    const number = anonVma.get("number");
    return [
      `I11 the index of anon_vma ${number} holds the VMA at ${hex(HEAP)} of process 5, which does ` +
        "not belong there",
      `I11 the index of anon_vma ${number} lacks the VMA at ${hex(HEAP)} of process 4`,
      `I2 page ${a.pageAt(HEAP)?.frame} is mapped at ${hex(HEAP)} of process 4, but the VMA there ` +
        `is not in the index of its anon_vma ${number}`,
    ];
  });

  damageTest("bounds that were changed behind the index are noticed", ({ raw, kernel }) => {
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: 2 * PAGE, fixed: true });
    process.write(HEAP, 1);
    raw.vma(process, HEAP).add("end", -PAGE);
    const anonVma = raw.anonVma(process, HEAP).get("number");
    const vma = `the VMA at ${hex(HEAP)} of process 4`;
    return [
      `I11 ${vma} has other bounds than those it is in the index of anon_vma ${anonVma} with`,
      `I11 the index of anon_vma ${anonVma} has a wrong largest pgoff for a subtree, at ${vma}`,
    ];
  });

  damageTest("a VMA's pgoff that changed makes its key stale and its pages misplaced", (family) => {
    const { raw, kernel } = family;
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true });
    process.write(HEAP, 1);
    const vma = raw.vma(process, HEAP);
    const pgoff = vma.get("pgoff");
    vma.add("pgoff", 1);
    const anonVma = raw.anonVma(process, HEAP).get("number");
    const name = `the VMA at ${hex(HEAP)} of process 4`;
    return [
      `I11 ${name} has other bounds than those it is in the index of anon_vma ${anonVma} with`,
      `I11 the index of anon_vma ${anonVma} has a wrong largest pgoff for a subtree, at ${name}`,
      `I3 page ${process.pageAt(HEAP)?.frame} has index ${pgoff}, but at ${hex(HEAP)} of process 4 ` +
        `the VMA shows pgoff ${pgoff + 1}`,
    ];
  });
});

describe("I11: the list of an anon_vma", () => {
  const options = { anonIndex: "list" } as const;

  damageTest(
    "a link back that is wrong is named",
    (family) => {
      const { anonVma, root } = heapIndex(family);
      const second = node(family, root.get("left"));
      second.set("parent", 0);
      return [
        `I11 the list of anon_vma ${anonVma.get("number")} has links that do not agree, at ` +
          vmaOf(family, second),
      ];
    },
    options,
  );

  damageTest(
    "a tail that is not the last is named",
    (family) => {
      const { anonVma, root } = heapIndex(family);
      const tail = node(family, anonVma.get("tail"));
      anonVma.set("tail", root.address);
      return [
        `I11 the list of anon_vma ${anonVma.get("number")} has links that do not agree, at ` +
          vmaOf(family, tail),
      ];
    },
    options,
  );

  damageTest(
    "a list that runs in a circle is named",
    (family) => {
      const { anonVma, root } = heapIndex(family);
      node(family, anonVma.get("tail")).set("left", root.address);
      return [
        `I11 the list of anon_vma ${anonVma.get("number")} has links that do not agree, at ` +
          vmaOf(family, root),
      ];
    },
    options,
  );

  damageTest(
    "a list that was cut short lacks the rest",
    ({ raw, parent }) => {
      const anonVma = raw.anonVma(parent, SPLIT);
      const first = new RawRecord(raw, anonVma.get("head"), "IntervalNode");
      const number = anonVma.get("number");
      const second = new RawRecord(raw, first.get("left"), "IntervalNode");
      second.set("parent", 0);
      anonVma.set("head", second.address);
      return [
        `I11 the index of anon_vma ${number} lacks the VMA at ${hex(SPLIT)} of process 1`,
        ...[SPLIT, SPLIT + PAGE].map(
          (address) =>
            `I2 page ${pageAt(parent, address).frame} is mapped at ${hex(address)} of process 1, ` +
            `but the VMA there is not in the index of its anon_vma ${number}`,
        ),
      ];
    },
    options,
  );
});
