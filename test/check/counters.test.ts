import { describe } from "vitest";
import { damageTest } from "./damage.js";
import { HEAP, SHARED_FILE } from "./family.js";

describe("I4: counters equal a recount", () => {
  for (const [kind, field, what] of [
    ["anon", "anonRss", "anonymous pages"],
    ["file", "fileRss", "file pages"],
    ["swap", "swapRss", "swap entries"],
  ] as const) {
    damageTest(`${kind} rss is recounted`, ({ raw, grandchild }) => {
      const found = grandchild.rss[kind];
      raw.mm(grandchild).add(field, 1);
      return [`I4 ${kind} rss of process 3 is ${found + 1}, its page table holds ${found} ${what}`];
    });
  }

  for (const [field, message] of [
    ["nrAnonPages", (n: number) => `NR_ANON_PAGES is ${n + 1}, ${n} anonymous pages are mapped`],
    ["nrFileMapped", (n: number) => `NR_FILE_MAPPED is ${n + 1}, ${n} file pages are mapped`],
    ["framesInUse", (n: number) => `frames in use are counted as ${n + 1}, ${n} have references`],
    ["framesPoisoned", (n: number) => `broken frames are counted as ${n + 1}, ${n} are marked`],
    [
      "framesBroken",
      (n: number) => `broken frames that are free are counted as ${n + 1}, ${n} are`,
    ],
    ["swapInUse", (n: number) => `swap in use is counted as ${n + 1}, there is ${n} slot`],
    ["tables", (n: number) => `page tables are counted as ${n + 1}, the address spaces hold ${n}`],
    [
      "vmas",
      (n: number) => `VMAs of all address spaces are counted as ${n + 1}, their lists hold ${n}`,
    ],
  ] as const) {
    damageTest(`the machine's ${field} is recounted`, ({ raw }) => {
      const found = raw.header.get(field);
      raw.header.add(field, 1);
      return [`I4 ${message(found)}`];
    });
  }

  damageTest("locked_vm is compared with the locked VMAs", ({ raw, child }) => {
    raw.mm(child).set("lockedVm", 77);
    return ["I4 locked_vm of process 2 is 77, its locked VMAs have 0 pages"];
  });

  damageTest("the users of an open file are recounted", ({ raw, child, file }) => {
    const open = raw.vma(child, SHARED_FILE).follow("file", "File");
    const users = open.get("users");
    open.add("users", 1);
    return [`I4 an open file of inode ${file.inode} counts ${users + 1} users, it has ${users}`];
  });

  damageTest("the open files of an inode are recounted", ({ raw, child, file }) => {
    raw.file(child, SHARED_FILE).add("users", 1);
    return [`I4 inode ${file.inode} counts 2 open files, it has 1`];
  });

  damageTest("the map count is compared with the list", ({ raw, child }) => {
    raw.mm(child).add("mapCount", -1);
    return ["I4 the map count of process 2 is 4, its list has 5 VMAs"];
  });

  damageTest("users of an address space are compared with its tasks", ({ raw, child }) => {
    child.fork({ shareMemory: true });
    raw.mm(child).add("users", -1);
    return ["I4 the address space of process 2 counts 1 user, 2 tasks run in it"];
  });

  damageTest("holders of an address space's struct are counted", ({ raw, child }) => {
    raw.mm(child).add("count", 1);
    return ["I4 the struct of process 2 counts 2 holders, it has 1"];
  });

  damageTest("a file's cached pages are recounted", ({ raw, parent }) => {
    const file = raw.file(parent, SHARED_FILE);
    file.add("pages", 1);
    const pages = file.get("pages");
    return [`I4 the page cache of inode 1 counts ${pages} pages, it holds ${pages - 1}`];
  });

  damageTest("an entry where there is no VMA is named", ({ raw, parent }) => {
    const at = raw.entryAt(parent, HEAP);
    raw.set64(at + 8 * 8, 0x111);
    return ["I4 the page table has an entry at 0x10008000 of process 1, where there is no VMA"];
  });

  damageTest("an entry of no known kind is named", ({ raw, parent }) => {
    const at = raw.entryAt(parent, SHARED_FILE);
    raw.set64(at + 8, 0xe);
    return ["I4 the entry at 0x30001000 of process 1 is neither present nor of any known kind"];
  });

  damageTest("a page table that is used twice is named", ({ raw, parent }) => {
    const pgd = raw.mm(parent).get("pgd");
    const pud = raw.get32(pgd);
    raw.set32(pgd + 8, pud);
    return ["I4 the page table over 0x8000000000 of process 1 is no table, or is used twice"];
  });
});
