import { describe } from "vitest";
import { PageFlag } from "../../assembly/abi/flag.js";
import { damageTest, hex } from "./damage.js";
import { HEAP, OWN, pageAt, PRIVATE_FILE, SHARED_FILE, SPLIT } from "./family.js";

describe("I1: every mapping is counted", () => {
  damageTest("a mapcount that is one too high is named", ({ raw, parent }) => {
    const { frame } = pageAt(parent, SPLIT);
    const at = raw.frameAt("pageMapcount", frame);
    raw.set32(at, raw.get32(at) + 1);
    return [`I1 page ${frame} has a mapcount of 4, 3 entries map it`];
  });

  damageTest("a mapcount that is one too low is named", ({ raw, parent }) => {
    const { frame } = pageAt(parent, OWN);
    raw.set32(raw.frameAt("pageMapcount", frame), 0xffffffff);
    return [`I1 page ${frame} has a mapcount of 0, 1 entry maps it`];
  });

  damageTest("a page with fewer references than mappings is named", ({ raw, parent }) => {
    const { frame } = pageAt(parent, SPLIT);
    raw.set32(raw.frameAt("pageRefcount", frame), 2);
    return [
      `I1 page ${frame} has a refcount of 2, 3 entries and 0 others (caches, buffers, writeback, pins) hold it`,
    ];
  });

  damageTest("the page cache's reference is not forgotten", ({ raw, parent }) => {
    const { frame } = pageAt(parent, SHARED_FILE);
    raw.set32(raw.frameAt("pageRefcount", frame), 2);
    return [
      `I1 page ${frame} has a refcount of 2, 2 entries and 2 others (caches, buffers, writeback, pins) hold it`,
    ];
  });

  damageTest("a page that nothing holds any more is named", ({ raw, parent }) => {
    const { frame } = pageAt(parent, OWN);
    raw.set64(raw.entryAt(parent, OWN), 0);
    raw.set32(raw.frameAt("pageMapcount", frame), 0xffffffff);
    raw.mm(parent).add("anonRss", -1);
    raw.header.add("nrAnonPages", -1);
    return [`I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`];
  });

  damageTest("an entry that names a free frame is named", ({ raw, parent }) => {
    const at = raw.entryAt(parent, OWN);
    const { frame } = pageAt(parent, OWN);
    const free = raw.header.get("frameTop") + 1;
    raw.set64(at, raw.get64(at) + (free - frame) * 4096);
    const { anon } = parent.rss;
    return [
      `I1 the entry at ${hex(OWN)} of process 1 names frame ${free}, which is not in use`,
      `I4 anon rss of process 1 is ${anon}, its page table holds ${anon - 1} anonymous pages`,
      `I1 page ${frame} has a mapcount of 1, 0 entries map it`,
      `I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`,
      `I4 NR_ANON_PAGES is ${raw.header.get("nrAnonPages")}, ` +
        `${raw.header.get("nrAnonPages") - 1} anonymous pages are mapped`,
    ];
  });
});

describe("broken frames", () => {
  damageTest("a marker that names a frame that is whole is named", ({ raw, kernel, parent }) => {
    const { frame } = pageAt(parent, OWN);
    kernel.memoryFailure(frame);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.HwPoison);
    return [
      `I4 the marker at ${hex(OWN)} of process 1 names frame ${frame}, which is not broken`,
      "I4 broken frames are counted as 1, 0 are marked",
    ];
  });

  damageTest("what memory failure holds is held by nobody else", ({ raw, kernel, parent }) => {
    const { frame } = pageAt(parent, OWN);
    kernel.memoryFailure(frame);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.Failed);
    return [`I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`];
  });
});

describe("I2: every page can be found from its owner", () => {
  damageTest(
    "a page that points to an anon_vma of a stranger is named",
    ({ raw, kernel, parent }) => {
      const { frame } = pageAt(parent, OWN);
      const stranger = kernel.spawn();
      stranger.mmap({ address: HEAP, length: 4096, fixed: true });
      stranger.write(HEAP, 1);
      const anonVma = raw.anonVma(stranger, HEAP);
      raw.set32(raw.frameAt("pageMapping", frame), anonVma.address + 1);
      return [
        `I2 page ${frame} is mapped at ${hex(OWN)} of process 1, but the VMA there is not in the ` +
          `index of its anon_vma ${anonVma.get("number")}`,
      ];
    },
  );

  damageTest("a page of the parent that points to the child's anon_vma is named", (family) => {
    const { raw, parent, child } = family;
    const { frame } = pageAt(parent, OWN);
    const anonVma = raw.anonVma(child, HEAP);
    raw.set32(raw.frameAt("pageMapping", frame), anonVma.address + 1);
    return [
      `I2 page ${frame} is mapped at ${hex(OWN)} of process 1, but the VMA there is not in the ` +
        `index of its anon_vma ${anonVma.get("number")}`,
    ];
  });

  damageTest("a page that points to a freed anon_vma is named", ({ raw, parent, kernel }) => {
    const stranger = kernel.spawn();
    stranger.mmap({ address: HEAP, length: 4096, fixed: true });
    stranger.write(HEAP, 1);
    const { address } = raw.anonVma(stranger, HEAP);
    stranger.exit();
    const { frame } = pageAt(parent, OWN);
    raw.set32(raw.frameAt("pageMapping", frame), address + 1);
    return [
      `I2 page ${frame}, mapped at ${hex(OWN)} of process 1, points to an anon_vma that is gone`,
    ];
  });

  damageTest(
    "a file page mapped where another file is shown is named",
    ({ raw, kernel, parent }) => {
      const other = kernel.createFile({ pages: 8 });
      parent.mmap({ address: 0x50000000, length: 4096, fixed: true, file: other });
      parent.read(0x50000000);
      const { frame } = pageAt(parent, 0x50000000);
      const inode = raw.file(parent, SHARED_FILE);
      raw.set32(raw.frameAt("pageMapping", frame), inode.address);
      return [
        `I2 page ${frame} belongs to inode 1, but is mapped at 0x50000000 of process 1, where the ` +
          "VMA shows inode 2",
        `I2 page ${frame} is in the page cache of inode 2, but belongs to inode 1 or is cached twice`,
      ];
    },
  );

  damageTest("a file page that its page cache does not hold is named", ({ raw, parent }) => {
    const { frame } = pageAt(parent, SHARED_FILE);
    const other = pageAt(parent, PRIVATE_FILE);
    const file = raw.file(parent, SHARED_FILE);
    const root = file.get("root");
    const leaf = raw.get32(root + 8 + 4);
    const slot = leaf + 8 + (70 % 64) * 4;
    expectFrame(raw.get32(slot), frame);
    raw.set32(slot, 0);
    raw.set32(leaf + 4, raw.get32(leaf + 4) - 1);
    file.add("pages", -1);
    expectFrame(other.index, 2);
    return [
      `I1 page ${frame} has a refcount of 4, 2 entries and 1 other (caches, buffers, writeback, pins) hold it`,
      `I2 page ${frame} belongs to inode 1, but is not in its page cache`,
    ];
  });
});

describe("I3: a page is where its index says", () => {
  damageTest("an index that is one off is named at every place it is mapped", ({ raw, parent }) => {
    const { frame, index } = pageAt(parent, SPLIT);
    raw.set64(raw.frameAt("pageIndex", frame), index + 1);
    const place = (pid: number) =>
      `I3 page ${frame} has index ${index + 1}, but at ${hex(SPLIT)} of process ${pid} the VMA ` +
      `shows pgoff ${index}`;
    return [place(1), place(2), place(3)];
  });

  damageTest(
    "a cached page's index is compared with its place in the cache",
    ({ raw, kernel, file }) => {
      const reader = kernel.spawn();
      reader.mmap({ address: HEAP, length: 4096, fixed: true, file, pgoff: 50 });
      reader.read(HEAP);
      const { frame } = pageAt(reader, HEAP);
      reader.exit();
      raw.set64(raw.frameAt("pageIndex", frame), 51);
      return [`I3 page ${frame} has index 51, but is cached as page 50 of inode 1`];
    },
  );
});

/** Guards the test's own idea of where things are. */
function expectFrame(found: number, expected: number): void {
  if (found !== expected) throw new Error(`expected ${expected}, found ${found}`);
}
