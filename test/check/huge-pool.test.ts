import { describe, expect, test } from "vitest";
import { PageFlag } from "../../assembly/abi/flag.js";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { hex } from "./damage.js";
import { messages } from "./family.js";
import { RawMachine } from "./raw-machine.js";

const HUGE = 2 ** 21;
const PRIVATE = 0x10000000;
const SHARED = 0x20000000;

interface Pool {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly raw: RawMachine;
}

/** Five huge pages: one private and one of a file in use, one more promised to either, and one that is not. */
async function raisePool(): Promise<Pool> {
  const kernel = await createKernel({ build: "checked", frames: 6 * 512 + 64, hugePages: 5 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 1024, kind: "hugetlb" });
  process.mmap({ address: PRIVATE, length: 2 * HUGE, fixed: true, hugetlb: true });
  process.mmap({ address: SHARED, length: 2 * HUGE, fixed: true, file, shared: true });
  process.write(PRIVATE, 1);
  process.write(SHARED + HUGE, 2);
  return { kernel, process, raw: new RawMachine(kernel) };
}

/** A test that damages one thing of a healthy pool; `damage` returns what verify() must say, all of it. */
function poolTest(sentence: string, damage: (pool: Pool) => string[]): void {
  test(sentence, async () => {
    const pool = await raisePool();
    expect(messages(pool.kernel)).toEqual([]);
    const expected = damage(pool);
    expect(messages(pool.kernel)).toEqual(expected);
    pool.kernel.dispose();
  });
}

describe("the pool of huge pages", () => {
  poolTest("its pages are recounted", ({ raw }) => {
    raw.header.add("hugePages", 1);
    return ["I4 the pool counts 6 huge pages, there are 5"];
  });

  poolTest("so are those that are free", ({ raw }) => {
    raw.header.add("hugePagesFree", -1);
    return ["I4 the pool counts 2 free huge pages, nobody holds 3, and its list has 3"];
  });

  poolTest("its list of the free has all of them", ({ raw }) => {
    const first = raw.header.get("hugeFree");
    raw.header.set("hugeFree", raw.get32(raw.frameAt("pagePrivate", first)));
    return ["I4 the pool counts 3 free huge pages, nobody holds 3, and its list has 2"];
  });

  poolTest("what was promised is recounted from the mappings", ({ raw }) => {
    raw.header.add("hugePagesReserved", 1);
    return ["I4 the pool counts 3 promised huge pages, mappings were promised 2"];
  });

  poolTest("a promise knows how many VMAs share it", ({ raw, process }) => {
    raw.file(process, PRIVATE).follow("reservations", "Reservation").add("vmas", 1);
    return [
      `I4 a promise of huge pages, at ${hex(PRIVATE)} of process 1, counts other VMAs than share it`,
    ];
  });

  poolTest("an owner has a promise", ({ raw, process }) => {
    raw.file(process, PRIVATE).follow("reservations", "Reservation").add("start", HUGE);
    return [
      `I4 a promise of huge pages of inode 2, at ${hex(PRIVATE)} of process 1, counts other VMAs than share it`,
      `I4 the pool counts 2 promised huge pages, mappings were promised 1`,
      `I4 a promise of huge pages, at ${hex(PRIVATE + HUGE)} of process 1, counts other VMAs than share it`,
    ];
  });

  poolTest("regions of a file are in order", ({ raw, process }) => {
    const region = raw.file(process, SHARED).follow("regions", "Region");
    region.set("to", region.get("from"));
    return [
      "I4 the regions of inode 1 in huge pages are no list in order",
      "I4 the pool counts 2 promised huge pages, mappings were promised 1",
    ];
  });
});

describe("huge entries of the pool", () => {
  poolTest("are in no rss, and map huge pages of the pool only", ({ raw, process }) => {
    const { frame } = process.pageAt(PRIVATE)!;
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.Hugetlb);
    return [
      `I4 the huge entry at ${hex(PRIVATE)} of process 1 with frame ${frame} is not all of a huge page inside one VMA`,
      "I4 anon rss of process 1 is 0, its page table holds 512 anonymous pages",
      "I4 the pool counts 5 huge pages, there are 4",
      "I4 NR_ANON_TRANSPARENT_HUGEPAGES is 0, 1 huge page is mapped",
    ];
  });

  poolTest("are found at the index that counts in huge pages", ({ raw, process }) => {
    const { frame } = process.pageAt(SHARED + HUGE)!;
    raw.set64(raw.frameAt("pageIndex", frame), 512);
    return [
      `I3 page ${frame} has index 512, but at ${hex(SHARED + HUGE)} of process 1 the VMA shows pgoff 1`,
      `I3 page ${frame} has index 512, but is cached as page 1 of inode 1`,
    ];
  });
});

describe("broken huge pages of the pool", () => {
  poolTest("are broken in all of their frames", ({ raw, kernel, process }) => {
    const { frame } = process.pageAt(PRIVATE)!;
    kernel.memoryFailure(frame);
    const at = raw.frameAt("pageFlags", frame + 3);
    raw.set32(at, raw.get32(at) & ~PageFlag.HwPoison);
    return [
      `I4 of the huge page of the pool at frame ${frame} frame ${frame + 3} is broken, or the rest is`,
      "I4 broken frames are counted as 512, 511 are marked",
    ];
  });

  poolTest("are not among the free", ({ raw, kernel, process }) => {
    const { frame } = process.pageAt(PRIVATE)!;
    process.munmap(PRIVATE, HUGE);
    kernel.memoryFailure(frame);
    const state = raw.header;
    raw.set32(raw.frameAt("pageRefcount", frame), 0);
    raw.set32(raw.frameAt("pagePrivate", frame), state.get("hugeFree"));
    state.set("hugeFree", frame);
    state.add("hugePagesFree", 1);
    return [`I4 the huge page of the pool at frame ${frame} is free, though it is broken`];
  });

  poolTest("leave markers that name them", ({ raw, kernel, process }) => {
    const { frame } = process.pageAt(PRIVATE)!;
    kernel.memoryFailure(frame);
    for (let n = 0; n < 512; n++) {
      const at = raw.frameAt("pageFlags", frame + n);
      raw.set32(at, raw.get32(at) & ~PageFlag.HwPoison);
    }
    return [
      `I4 the marker at ${hex(PRIVATE)} of process 1 names frame ${frame}, which is not broken`,
      "I4 broken frames are counted as 512, 0 are marked",
    ];
  });
});
