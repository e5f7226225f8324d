import { describe } from "vitest";
import { damageTest, hex } from "./damage.js";
import { HEAP, PRIVATE_FILE, SHARED_FILE, type Family } from "./family.js";
import { RawRecord } from "./raw-machine.js";

const PAGE = 4096;

/** The pid that runs in a VMA's address space. */
function pidOf(raw: Family["raw"], vma: RawRecord): number {
  const found = raw.kernel.processes.find((one) => raw.mm(one).address === vma.get("mm"));
  return found?.pid ?? 0;
}

describe("I11: the index of a file", () => {
  damageTest("a subtree's largest pgoff is compared with what is there", ({ raw, parent }) => {
    const file = raw.file(parent, SHARED_FILE);
    const root = new RawRecord(raw, file.get("iMmap"), "IntervalNode");
    root.add("subtreeLast", -1);
    const vma = root.follow("vma", "Vma");
    return [
      "I11 the file index of inode 1 has a wrong largest pgoff for a subtree, at " +
        `the VMA at ${hex(vma.get("start"))} of process ${pidOf(raw, vma)}`,
    ];
  });

  damageTest("a VMA that is left out is named", ({ raw, kernel }) => {
    const file = kernel.createFile({ pages: 4 });
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true, file });
    raw.file(process, HEAP).set("iMmap", 0);
    return [`I11 the file index of inode 2 lacks the VMA at ${hex(HEAP)} of process 4`];
  });

  damageTest("a VMA that shows another file is a stray", ({ raw, kernel, parent }) => {
    const file = kernel.createFile({ pages: 4 });
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true, file });
    raw.vma(process, HEAP).set("file", raw.vma(parent, PRIVATE_FILE).get("file"));
    const vma = `the VMA at ${hex(HEAP)} of process 4`;
    return [
      `I11 the file index of inode 2 holds ${vma}, which does not belong there`,
      `I11 the file index of inode 1 lacks ${vma}`,
      "I4 an open file of inode 1 counts 7 users, it has 8",
      "I4 an open file of inode 2 counts 2 users, it has 1",
    ];
  });

  damageTest("a VMA whose file is gone is named", ({ raw, kernel }) => {
    const file = kernel.createFile({ pages: 4 });
    const process = kernel.spawn();
    process.mmap({ address: HEAP, length: PAGE, fixed: true, file });
    const vma = raw.vma(process, HEAP);
    const open = vma.follow("file", "File");
    open.set("state", open.get("state") & ~1);
    return [
      `I11 the file index of inode 2 holds the VMA at ${hex(HEAP)} of process 4, which does not ` +
        "belong there",
      `I11 the VMA at ${hex(HEAP)} of process 4 maps a file that is gone`,
      "I4 inode 2 counts 1 open file, it has 0",
      "I10 1 freed record of open files was written to",
    ];
  });
});
