import { describe, expect, test } from "vitest";
import { damageTest, hex } from "./damage.js";
import { HEAP, messages, PRIVATE_FILE, raiseFamily, SHARED_FILE, type Family } from "./family.js";
import { RawRecord } from "./raw-machine.js";

const PAGE = 4096;
const FILE = "the file index of inode 1";

/** In the tree: the parent's shared mapping, which reaches furthest, and to its left the private one; the others in rings. */
function nodeOf(family: Family, who: Who, address: number): RawRecord {
  const { raw } = family;
  return new RawRecord(raw, raw.vma(family[who], address).at("fileParent"), "PrioNode");
}

type Who = "parent" | "child" | "grandchild";

const pids: Readonly<Record<Who, number>> = { parent: 1, child: 2, grandchild: 3 };

function at(who: Who, address: number): string {
  return `at the VMA at ${hex(address)} of process ${pids[who]}`;
}

for (const fileIndex of ["prio-tree", "prio-tree-3.4"] as const) {
  test(`a family with a ${fileIndex} is fine`, async () => {
    const family = await raiseFamily({ fileIndex });
    expect(messages(family.kernel)).toEqual([]);
    const top = nodeOf(family, "parent", SHARED_FILE);
    expect(family.raw.file(family.parent, SHARED_FILE).get("iMmap")).toBe(top.address);
    expect(top.get("left")).toBe(nodeOf(family, "parent", PRIVATE_FILE).address);
    expect(top.get("head")).toBe(nodeOf(family, "child", SHARED_FILE).address);
    family.kernel.dispose();
  });
}

describe("I11: the prio tree of a file", () => {
  const damaged = (sentence: string, damage: (family: Family) => string[]): void => {
    damageTest(sentence, damage, { fileIndex: "prio-tree" });
  };

  damaged("a place turns by the bit after that of the place above it", (family) => {
    nodeOf(family, "parent", PRIVATE_FILE).add("turn", -1);
    return [`I11 ${FILE} turns by a wrong bit, ${at("parent", PRIVATE_FILE)}`];
  });

  damaged("the root turns by a bit that is high enough", (family) => {
    const top = nodeOf(family, "parent", SHARED_FILE);
    top.add("turn", -1);
    return [`I11 ${FILE} turns by a wrong bit, ${at("parent", SHARED_FILE)}`];
  });

  damaged("a key is on the side that its bits say", (family) => {
    const top = nodeOf(family, "parent", SHARED_FILE);
    top.set("right", top.get("left"));
    top.set("left", 0);
    return [`I11 ${FILE} is out of order, ${at("parent", PRIVATE_FILE)}`];
  });

  damaged("nobody is below one that reaches less far", ({ kernel, raw, parent }) => {
    const file = kernel.createFile({ pages: 16 });
    const process = kernel.spawn();
    for (const [i, pgoff] of [9, 1].entries()) {
      const address = HEAP + i * 16 * PAGE;
      process.mmap({ address, length: PAGE, fixed: true, file, pgoff });
    }
    expect(parent.pid).toBe(1);
    raw.vma(process, HEAP).set("pgoff", 0);
    return [
      `I11 the file index of inode 2 has a VMA above one that reaches further, at the VMA at ${hex(HEAP + 16 * PAGE)} of process 4`,
    ];
  });

  damaged("a child links back", (family) => {
    nodeOf(family, "parent", PRIVATE_FILE).set("parent", 0);
    return [
      `I11 ${FILE} has a link that leads to no node, or to one that does not link back, ${at("parent", SHARED_FILE)}`,
    ];
  });

  damaged("the root is its own parent", (family) => {
    nodeOf(family, "parent", SHARED_FILE).set("parent", 0);
    return [
      `I11 ${FILE} has a link that leads to no node, or to one that does not link back, ${at("parent", SHARED_FILE)}`,
    ];
  });

  damaged("a tree in a circle comes to an end", (family) => {
    const top = nodeOf(family, "parent", SHARED_FILE);
    nodeOf(family, "parent", PRIVATE_FILE).set("left", top.address);
    return [
      `I11 ${FILE} has a link that leads to no node, or to one that does not link back, ${at("parent", PRIVATE_FILE)}`,
    ];
  });

  damaged("links of a ring agree", (family) => {
    nodeOf(family, "grandchild", SHARED_FILE).set("left", 0);
    return [`I11 ${FILE} has a ring with links that do not agree, ${at("parent", SHARED_FILE)}`];
  });

  damaged("a ring has one head", (family) => {
    const member = nodeOf(family, "grandchild", SHARED_FILE);
    member.set("head", nodeOf(family, "parent", SHARED_FILE).address);
    return [`I11 ${FILE} has a ring with links that do not agree, ${at("parent", SHARED_FILE)}`];
  });

  damaged("a head knows the node of the tree", (family) => {
    const head = nodeOf(family, "child", PRIVATE_FILE);
    head.set("head", nodeOf(family, "parent", SHARED_FILE).address);
    return [`I11 ${FILE} has a ring with links that do not agree, ${at("parent", PRIVATE_FILE)}`];
  });

  damaged("who is in a ring is not in the tree", (family) => {
    const member = nodeOf(family, "grandchild", PRIVATE_FILE);
    member.set("parent", nodeOf(family, "parent", SHARED_FILE).address);
    return [`I11 ${FILE} has a ring with links that do not agree, ${at("parent", PRIVATE_FILE)}`];
  });

  damaged("all in a ring have the same range", ({ kernel, raw }) => {
    const file = kernel.createFile({ pages: 16 });
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true, file, pgoff: 4 });
    const child = process.fork();
    raw.vma(child, HEAP).set("pgoff", 5);
    return [
      `I11 the file index of inode 2 has a ring of VMAs that show different pages, at the VMA at ${hex(HEAP)} of process 4`,
    ];
  });

  damaged("a VMA that left its ring without notice is missed", (family) => {
    const head = nodeOf(family, "child", SHARED_FILE);
    head.set("left", head.address);
    head.set("right", head.address);
    return [`I11 ${FILE} lacks the VMA at ${hex(SHARED_FILE)} of process 3`];
  });
});
