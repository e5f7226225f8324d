import { describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import { damageTest, hex } from "./damage.js";
import {
  HEAP,
  LINEAR,
  messages,
  NONLINEAR,
  pageAt,
  raiseFamily,
  remapPages,
  type Family,
} from "./family.js";
import type { RawMachine } from "./raw-machine.js";

const PAGE = 4096;
const [FIRST, SECOND] = NONLINEAR;

function nonlinearTest(
  sentence: string,
  damage: (family: Family, file: ReturnType<RawMachine["file"]>) => string[],
): void {
  damageTest(sentence, (family) => {
    remapPages(family);
    return damage(family, family.raw.file(family.parent, FIRST));
  });
}

const at = (address: number) => `the VMA at ${hex(address)} of process 1`;
const LIST = "the list of nonlinear VMAs of inode 2";

test("nonlinear VMAs are fine", async () => {
  const family = await raiseFamily();
  remapPages(family);
  expect(messages(family.kernel)).toEqual([]);
  family.kernel.dispose();
});

describe("I3: entries that keep a pgoff", () => {
  nonlinearTest("are in no linear VMA", ({ raw, parent }) => {
    parent.read(LINEAR + PAGE);
    parent.madvise(LINEAR + PAGE, PAGE, "dontneed");
    raw.set64(raw.entryAt(parent, LINEAR), 0x500a);
    return [
      `I3 the entry at ${hex(LINEAR)} of process 1 keeps a pgoff, but the VMA there is linear`,
    ];
  });

  nonlinearTest("a page of another file is named where a page may be anywhere", (family) => {
    const { raw, kernel, parent } = family;
    const other = kernel.createFile({ pages: 8, kind: "tmpfs" });
    parent.mmap({ address: HEAP + 0x200000, length: PAGE, fixed: true, file: other, shared: true });
    parent.read(HEAP + 0x200000);
    const { frame } = pageAt(parent, HEAP + 0x200000);
    const mine = pageAt(parent, FIRST).frame;
    const [a, b] = [FIRST, HEAP + 0x200000].map((address) => raw.entryAt(parent, address));
    raw.set64(a!, raw.get64(a!) + (frame - mine) * PAGE);
    raw.set64(b!, raw.get64(b!) - (frame - mine) * PAGE);
    const place = (page: number, owner: number, address: number, shown: number) =>
      `page ${page} belongs to inode ${owner}, but is mapped at ${hex(address)} of process 1, ` +
      `where the VMA shows inode ${shown}`;
    return [
      `I3 page ${mine} has index 5, but at ${hex(HEAP + 0x200000)} of process 1 the VMA shows pgoff 0`,
      `I2 ${place(mine, 2, HEAP + 0x200000, 3)}`,
      `I2 ${place(frame, 3, FIRST, 2)}`,
    ];
  });
});

describe("I11: the list of nonlinear VMAs", () => {
  nonlinearTest("a nonlinear VMA that is left out is named", (_, file) => {
    file.set("iMmapNonlinear", 0);
    file.set("iMmapNonlinearLast", 0);
    return [`I11 ${LIST} lacks ${at(FIRST)}`, `I11 ${LIST} lacks ${at(SECOND)}`].sort();
  });

  nonlinearTest("one that is in the tree instead is named in both", ({ raw, parent }) => {
    raw.vma(parent, LINEAR).add("flags", VmFlag.Nonlinear);
    return [
      `I11 the file index of inode 2 holds ${at(LINEAR)}, which does not belong there`,
      `I11 ${LIST} lacks ${at(LINEAR)}`,
    ];
  });

  nonlinearTest("a linear VMA in it is a stray", ({ raw, parent }) => {
    raw.vma(parent, FIRST).add("flags", -VmFlag.Nonlinear);
    const { frame } = pageAt(parent, FIRST);
    return [
      `I11 ${LIST} holds ${at(FIRST)}, which does not belong there`,
      `I11 the file index of inode 2 lacks ${at(FIRST)}`,
      `I3 page ${frame} has index 5, but at ${hex(FIRST)} of process 1 the VMA shows pgoff 0`,
      `I3 the entry at ${hex(FIRST + PAGE)} of process 1 keeps a pgoff, but the VMA there is linear`,
    ];
  });

  nonlinearTest("a link back that is wrong is named at the VMA before", ({ raw, parent }) => {
    raw.vma(parent, SECOND).set("fileLeft", 0);
    return [`I11 ${LIST} has links that do not agree, at ${at(FIRST)}`];
  });

  nonlinearTest("a list in a circle comes to an end", ({ raw, parent }) => {
    raw.vma(parent, SECOND).set("fileRight", raw.vma(parent, FIRST).address);
    return [`I11 ${LIST} has links that do not agree, at ${at(SECOND)}`];
  });

  nonlinearTest("the last one is compared", (_, file) => {
    file.set("iMmapNonlinearLast", file.get("iMmapNonlinear"));
    return [`I11 ${LIST} has links that do not agree, at ${at(SECOND)}`];
  });

  nonlinearTest("a head that leads nowhere is named", (_, file) => {
    file.set("iMmapNonlinear", 0);
    return [`I11 ${LIST} has links that do not agree, at its head`];
  });

  nonlinearTest("a cursor stops between clusters only", ({ raw, parent }) => {
    raw.vma(parent, SECOND).set("fileSubtreeLast", 3 * PAGE);
    return [
      `I11 ${at(SECOND)} has been unmapped up to ${3 * PAGE} bytes, which is no whole number of clusters`,
    ];
  });
});
