import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { at, fill } from "./notified-machine.js";
import { messages } from "./family.js";
import { hex } from "./damage.js";
import { RawMachine, type RawRecord } from "./raw-machine.js";

/** A process with four pages, and a client that shows the first two. */
async function ground() {
  const kernel = await createKernel({ build: "checked", frames: 64 });
  const process = kernel.spawn();
  fill(process);
  const device = process.registerNotifier({ model: "kvm" });
  process.registerNotifier({});
  device.read(at(0));
  device.write(at(1), 7);
  const raw = new RawMachine(kernel);
  // The one registered last is first.
  const other = raw.mm(process).follow("notifiers", "MmuNotifier");
  const client = other.follow("next", "MmuNotifier");
  return { kernel, process, device, raw, client, other };
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** The record of a page in the client's table. */
function shownAt({ raw, client }: Ground, page: number): RawRecord {
  const NODE = 4;
  for (let node = client.get("pages"); node;) {
    const record = raw.record(node - NODE, "DevicePage");
    if (record.get("address") === at(page)) return record;
    node = record.get("address") > at(page) ? record.get("left") : record.get("right");
  }
  throw new Error(`page ${page} is not shown`);
}

function damaged(sentence: string, damage: (ground: Ground) => string[]): void {
  test(sentence, async () => {
    const it = await ground();
    expect(messages(it.kernel)).toEqual([]);
    const expected = damage(it);
    expect(messages(it.kernel)).toEqual(expected);
    it.kernel.dispose();
  });
}

describe("I9: clients show what the page table shows", () => {
  damaged("a page that the page table has lost", (it) => {
    const { process, raw } = it;
    const { frame } = process.pageAt(at(0))!;
    raw.set64(raw.entryAt(process, at(0)), 0);
    raw.set32(raw.frameAt("pageMapcount", frame), 0xffffffff);
    raw.mm(process).add("anonRss", -1);
    raw.header.add("nrAnonPages", -1);
    return [
      `I9 an mmu notifier shows page ${frame} at ${hex(at(0))} of process 1, where the page table has nothing`,
      `I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`,
    ];
  });

  damaged("another page than the page table's", (it) => {
    const [first, second] = [0, 1].map((i) => it.process.pageAt(at(i))!.frame);
    shownAt(it, 0).set("frame", second!);
    shownAt(it, 0).set("generation", shownAt(it, 1).get("generation"));
    return [
      `I9 an mmu notifier shows page ${second} at ${hex(at(0))} of process 1, where the page table has page ${first}`,
    ];
  });

  damaged("a page that was freed since, or never was", (it) => {
    const { frame } = it.process.pageAt(at(0))!;
    shownAt(it, 0).add("generation", 1);
    shownAt(it, 1).set("frame", 9999);
    return [
      `I9 an mmu notifier shows page ${frame} at ${hex(at(0))} of process 1, which was freed`,
      `I9 an mmu notifier shows page 9999 at ${hex(at(1))} of process 1, which was freed`,
    ];
  });

  damaged("what the page table protects", (it) => {
    const { process, raw } = it;
    const { frame } = process.pageAt(at(1))!;
    const entry = raw.entryAt(process, at(1));
    raw.set64(entry, raw.get64(entry) - 2);
    return [
      `I9 an mmu notifier may write to page ${frame} at ${hex(at(1))} of process 1, which the page table protects`,
    ];
  });
});

describe("I9: what began has ended", () => {
  damaged("a range that one was not told the end of", ({ client }) => {
    client.set("begun", 1);
    return ["I9 an mmu notifier of process 1 waits for the end of 1 range, and counts 0 itself"];
  });

  damaged("a range that one has not counted to its end", ({ client }) => {
    client.set("ranges", 2);
    return ["I9 an mmu notifier of process 1 waits for the end of 0 ranges, and counts 2 itself"];
  });

  damaged("an end with other arguments", ({ client }) => {
    client.set("open", 4096);
    return ["I9 an mmu notifier of process 1 was told of other ends of ranges than of starts"];
  });

  damaged("a read section of SRCU", ({ raw }) => {
    raw.header.set("srcuReaders", 2);
    return ["I9 2 read sections of SRCU have not ended"];
  });
});

describe("the records of clients hang together", () => {
  damaged("a link back", ({ client }) => {
    client.set("prev", 0);
    return ["I9 the list of mmu notifiers of process 1 has links that do not agree"];
  });

  damaged("a list that ends too soon", ({ other }) => {
    other.set("next", 0);
    return [
      "I4 the struct of process 1 counts 3 holders, it has 2",
      "I9 an mmu notifier of process 1 is in no list",
    ];
  });

  damaged("a list that runs in a circle", ({ client, other }) => {
    client.set("next", other.address);
    return ["I9 the list of mmu notifiers of process 1 has links that do not agree"];
  });

  damaged("a number of pages", ({ client }) => {
    client.add("pageCount", 1);
    return ["I9 the table of an mmu notifier of process 1 counts 3 pages, it has 2"];
  });

  damaged("a table out of order", (it) => {
    const root = it.client.follow("pages", "DevicePage").address - 4;
    const child = it.raw.record(root, "DevicePage");
    const other = shownAt(it, child.get("address") === at(0) ? 1 : 0);
    other.set("address", child.get("address"));
    return ["I9 the table of an mmu notifier of process 1 is out of order"];
  });

  damaged("holders of the address space's struct", ({ raw, process }) => {
    raw.mm(process).add("count", 1);
    return ["I4 the struct of process 1 counts 4 holders, it has 3"];
  });
});

describe("I12: mm_take_all_locks leaves no mark", () => {
  test("on a file, or on a root", async () => {
    const it = await ground();
    const { kernel, process, raw } = it;
    const file = kernel.createFile({ pages: 1 });
    process.mmap({ address: at(8), length: 4096, file, fixed: true });
    raw.file(process, at(8)).set("mmAllLocks", 1);
    expect(messages(kernel)).toEqual([
      `I12 inode ${file.inode} is still marked by mm_take_all_locks`,
    ]);
    raw.file(process, at(8)).set("mmAllLocks", 0);
    raw.anonVma(process, at(0)).add("head", 1);
    expect(messages(kernel).at(-1)).toBe("I12 anon_vma 1 is still marked by mm_take_all_locks");
    kernel.dispose();
  });
});
