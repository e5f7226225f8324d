import { describe } from "vitest";
import { damageTest, hex } from "./damage.js";
import { HEAP, PRIVATE_FILE, SPLIT, type Family } from "./family.js";

const OTHER = 0x50000000;

/** An anon_vma outside the family. */
function stranger({ kernel, raw }: Family) {
  const process = kernel.spawn();
  process.mmap({ address: OTHER, length: 4096, fixed: true });
  process.write(OTHER, 1);
  return raw.anonVma(process, OTHER);
}

/** Link n of a VMA's chain, newest first. */
function link({ raw }: Family, process: Family["parent"], address: number, n: number) {
  const found = raw.chain(process, address)[n];
  if (!found) throw new Error(`no link ${n}`);
  return found;
}

describe("I10: anon_vmas and chains", () => {
  damageTest("a root's refcount counts its VMAs once and each child", ({ raw, parent }) => {
    const root = raw.anonVma(parent, HEAP);
    const refcount = root.get("refcount");
    root.add("refcount", -1);
    const number = root.get("number");
    return [
      `I10 anon_vma ${number} has a refcount of ${refcount - 1}, but VMAs and ` +
        `${refcount - 1} children`,
    ];
  });

  damageTest("a child's refcount counts its VMAs once", ({ raw, grandchild }) => {
    const anonVma = raw.anonVma(grandchild, SPLIT);
    anonVma.set("refcount", 3);
    const number = anonVma.get("number");
    return [`I10 anon_vma ${number} has a refcount of 3, but VMAs and 0 children`];
  });

  damageTest("a root that is not its own root is named for all its children", (family) => {
    const { raw, parent } = family;
    const other = stranger(family);
    const root = raw.anonVma(parent, PRIVATE_FILE);
    const number = root.get("number");
    root.set("root", other.address);
    const children = raw
      .chain(family.grandchild, PRIVATE_FILE)
      .map((at) => at.follow("anonVma", "AnonVma").get("number"))
      .filter((child) => child !== number);
    const chainRoot = (pid: number) =>
      `I10 anon_vma ${number}, in the chain of the VMA at ${hex(PRIVATE_FILE)} of process ${pid}, ` +
      "has another root than the one before it";
    return [
      chainRoot(2),
      chainRoot(3),
      ...children
        .sort((a, b) => a - b)
        .map((child) => `I10 the root of anon_vma ${child} is gone, or is not a root itself`),
      `I10 anon_vma ${number} has a refcount of 3, but VMAs and 0 children`,
      `I10 anon_vma ${other.get("number")} has a refcount of 1, but VMAs and 1 child`,
    ];
  });

  damageTest("a chain that is not from newest to oldest is named", (family) => {
    const newer = link(family, family.grandchild, HEAP, 1).follow("anonVma", "AnonVma");
    const older = link(family, family.grandchild, HEAP, 2).follow("anonVma", "AnonVma");
    const numbers = [newer.get("number"), older.get("number")];
    newer.set("number", numbers[1] ?? 0);
    older.set("number", numbers[0] ?? 0);
    const at = (pid: number, start: number) =>
      `I10 in the chain of the VMA at ${hex(start)} of process ${pid} anon_vma ${numbers[0]} comes ` +
      `after anon_vma ${numbers[1]}, though it is newer`;
    return [at(2, HEAP), at(3, HEAP)];
  });

  damageTest("a link whose way back is wrong is named", (family) => {
    link(family, family.grandchild, HEAP, 1).set("newer", 0);
    return [`I10 links in the chain of the VMA at ${hex(HEAP)} of process 3 do not agree`];
  });

  damageTest("a chain whose end is wrong is named", ({ raw, child }) => {
    const vma = raw.vma(child, SPLIT);
    vma.set("chainTail", vma.get("chainHead"));
    return [`I10 links in the chain of the VMA at ${hex(SPLIT)} of process 2 do not agree`];
  });

  damageTest("a link that is left out is named", (family) => {
    const { grandchild } = family;
    const [newest, middle, oldest] = [0, 1, 2].map((n) => link(family, grandchild, HEAP, n));
    if (!newest || !middle || !oldest) throw new Error("the chain is too short");
    newest.set("older", oldest.address);
    oldest.set("newer", newest.address);
    const left = middle.follow("anonVma", "AnonVma").get("number");
    return [
      `I10 a link of anon_vma ${left} to the VMA at ${hex(HEAP)} of process 3 is not in that ` +
        "VMA's chain",
    ];
  });

  damageTest("a chain that runs in a circle is named", (family) => {
    const newest = link(family, family.grandchild, HEAP, 0);
    link(family, family.grandchild, HEAP, 2).set("older", newest.address);
    return [`I10 links in the chain of the VMA at ${hex(HEAP)} of process 3 do not agree`];
  });

  damageTest("a chain that leads to something else is named", (family) => {
    const { raw, grandchild } = family;
    link(family, grandchild, HEAP, 2).set("older", raw.vma(grandchild, SPLIT).address);
    return [
      `I10 the chain of the VMA at ${hex(HEAP)} of process 3 leads to a link or an anon_vma that ` +
        "is gone",
    ];
  });

  damageTest("a VMA whose anon_vma is not the newest of its chain is named", (family) => {
    const { raw, child } = family;
    const vma = raw.vma(child, SPLIT);
    const own = raw.anonVma(child, SPLIT);
    const oldest = link(family, child, SPLIT, 1).follow("anonVma", "AnonVma");
    vma.set("anonVma", oldest.address);
    return [
      `I10 the VMA at ${hex(SPLIT)} of process 2 has anon_vma ${oldest.get("number")}, but the ` +
        `newest in its chain is anon_vma ${own.get("number")}`,
    ];
  });

  damageTest("a VMA that lost its anon_vma is named", ({ raw, parent }) => {
    const own = raw.anonVma(parent, SPLIT);
    raw.vma(parent, SPLIT).set("anonVma", 0);
    return [
      `I10 the VMA at ${hex(SPLIT)} of process 1 has no live anon_vma, but the newest in its ` +
        `chain is anon_vma ${own.get("number")}`,
    ];
  });

  damageTest(
    "where fork's child may take one over, a VMA's anon_vma need not be the newest of its chain",
    (family) => {
      const { raw, child } = family;
      const newest = raw.anonVma(child, SPLIT);
      const oldest = link(family, child, SPLIT, 1).follow("anonVma", "AnonVma");
      raw.vma(child, SPLIT).set("anonVma", oldest.address);
      newest.add("activeVmas", -1);
      oldest.add("activeVmas", 1);
      return [];
    },
    { anonVmaReuse: "low-degree" },
  );

  damageTest(
    "but it must be in its chain",
    (family) => {
      const { raw, child, parent } = family;
      const vma = raw.vma(child, SPLIT);
      const other = raw.anonVma(parent, PRIVATE_FILE);
      vma.set("anonVma", other.address);
      return [
        `I10 the VMA at ${hex(SPLIT)} of process 2 has anon_vma ${other.get("number")}, which is ` +
          "not in its chain",
      ];
    },
    { anonVmaReuse: "low-degree" },
  );

  damageTest("an anon_vma counts the VMAs whose own it is", ({ raw, parent }) => {
    const own = raw.anonVma(parent, SPLIT);
    own.add("activeVmas", 1);
    return [`I10 anon_vma ${own.get("number")} counts 4 VMAs whose own it is, but there are 3`];
  });

  damageTest("and its children that are used, a root itself among them", ({ raw, parent }) => {
    const own = raw.anonVma(parent, PRIVATE_FILE);
    own.add("children", -1);
    return [`I10 anon_vma ${own.get("number")} counts 1 child in use, but there are 2`];
  });

  damageTest("a parent that is gone is named", ({ raw, parent, child }) => {
    const own = raw.anonVma(child, PRIVATE_FILE);
    const oldest = raw.anonVma(parent, PRIVATE_FILE);
    own.set("parent", 8);
    return [
      `I10 the parent of anon_vma ${own.get("number")} is gone`,
      `I10 anon_vma ${oldest.get("number")} counts 2 children in use, but there is 1`,
    ];
  });

  damageTest("an anon_vma that lives on without VMAs and children is named", (family) => {
    const { kernel } = family;
    const other = stranger(family);
    const state = other.get("state");
    const number = other.get("number");
    kernel.processes.at(-1)?.exit();
    other.set("state", state);
    other.set("number", number);
    return [`I10 anon_vma ${number} has a refcount of 0, but no VMAs and 0 children`];
  });
});
