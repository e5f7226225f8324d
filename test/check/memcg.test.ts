import { describe, expect, test } from "vitest";
import { createKernel, type Switches } from "../../bindings/index.js";
import { at, lay, pageAt } from "../api/ground.js";
import { messages } from "./family.js";
import { RawMachine, type RawRecord } from "./raw-machine.js";

const USED = 2;
const MIGRATION = 4;
const FILE_MAPPED = 8;
const CACHE = 16;
const MOVE_LOCK = 0x100;

/** A hierarchy of two cgroups: three anonymous pages and two of a file, one of them mapped, are charged to the lower. */
async function ground(memcgStat: Switches["memcgStat"]) {
  const kernel = await createKernel({ build: "checked", frames: 64, memcgStat });
  const top = kernel.createCgroup("top", { hierarchy: true });
  const cgroup = kernel.createCgroup("low", { parent: top });
  const process = kernel.spawn({ cgroup });
  lay(process, 0, 3);
  for (let i = 0; i < 3; i++) process.write(at(i), i);
  const file = kernel.createFile({ pages: 2, word: 1 });
  lay(process, 8, 2, { file });
  for (const page of [8, 9]) process.read(at(page));
  process.munmap(at(9), 4096);
  return { kernel, raw: new RawMachine(kernel), process };
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** Damages one thing; `damage` returns all that verify() must say. */
function damageTest(
  sentence: string,
  damage: (ground: Ground) => string[],
  memcgStat: Switches["memcgStat"] = "move-lock-fast",
): void {
  test(sentence, async () => {
    const on = await ground(memcgStat);
    expect(messages(on.kernel)).toEqual([]);
    const expected = damage(on);
    expect(messages(on.kernel)).toEqual(expected);
    on.kernel.dispose();
  });
}

function counterTest(sentence: string, field: string, message: string): void {
  damageTest(sentence, ({ raw }) => {
    raw.memcg(2).add(field, 1);
    return [message];
  });
}

function setFlags({ raw, process }: Ground, page: number, flags: number): number {
  const { frame } = pageAt(process, page);
  raw.set32(raw.frameAt("pageCgroup", frame), flags);
  return frame;
}

describe("I5: statistics of memory cgroups", () => {
  counterTest(
    "mapped_file is compared with the mapped pages of files that are charged",
    "mappedFile",
    "I5 mapped_file of cgroup 2 is 2, 1 of its file pages is mapped",
  );

  damageTest(
    "FILE_MAPPED is missed where a charged page of a file is mapped",
    (on) => {
      const frame = setFlags(on, 8, USED | CACHE);
      return [
        `I5 page ${frame} is a mapped file page that is charged, without FILE_MAPPED in its side record`,
      ];
    },
    "page-flag",
  );

  damageTest(
    "FILE_MAPPED of an anonymous page is named",
    (on) => {
      const frame = setFlags(on, 0, USED | FILE_MAPPED);
      return [
        `I5 page ${frame} is no mapped file page that is charged, but has FILE_MAPPED in its side record`,
      ];
    },
    "page-flag",
  );

  damageTest("there is no FILE_MAPPED but with page-flag", (on) => {
    const frame = setFlags(on, 8, USED | FILE_MAPPED);
    return [
      `I5 page ${frame} is no mapped file page that is charged, but has FILE_MAPPED in its side record`,
    ];
  });
});

describe("I4: charges are counted", () => {
  counterTest(
    "cache is compared with the pages of files",
    "cache",
    "I4 cache of cgroup 2 is 3, it has 2 pages of files",
  );

  counterTest(
    "rss is compared with the anonymous pages",
    "rss",
    "I4 rss of cgroup 2 is 4, it has 3 anonymous pages",
  );

  damageTest("a usage is compared with what is charged, in stock and below", ({ raw }) => {
    raw.memcg(1).add("usage", 1);
    return ["I4 the usage of cgroup 1 is 33, 32 pages are charged"];
  });

  damageTest("a usage beyond the limit is named", ({ raw }) => {
    raw.memcg(2).set("limit", 31);
    return ["I4 the usage of cgroup 2 is 32, beyond its limit of 31"];
  });

  damageTest(
    "CACHE is missed where a page of a file is charged",
    (on) => {
      const frame = setFlags(on, 8, USED | FILE_MAPPED);
      return [`I4 page ${frame} is charged as a page of a file, without CACHE in its side record`];
    },
    "page-flag",
  );

  damageTest(
    "CACHE of an anonymous page is named",
    (on) => {
      const frame = setFlags(on, 0, USED | CACHE);
      return [
        `I4 page ${frame} is not charged as a page of a file, but has CACHE in its side record`,
      ];
    },
    "page-flag",
  );

  damageTest("there is no CACHE but with page-flag", (on) => {
    const frame = setFlags(on, 8, USED | CACHE);
    return [
      `I4 page ${frame} is not charged as a page of a file, but has CACHE in its side record`,
    ];
  });

  damageTest("a page that lost its charge is missed", (on) => {
    setFlags(on, 0, 0);
    return [
      "I4 the usage of cgroup 2 is 32, 31 pages are charged",
      "I4 rss of cgroup 2 is 3, it has 2 anonymous pages",
    ];
  });

  damageTest("a page that is free and charged is named", ({ raw }) => {
    const spare = raw.kernel.spawn();
    lay(spare, 0, 1);
    spare.write(at(0), 1);
    const gone = pageAt(spare, 0).frame;
    spare.exit();
    raw.set32(raw.frameAt("pageCgroup", gone), USED);
    return [
      `I4 page ${gone} is charged, though nothing maps it and no cache holds it`,
      "I4 cache of the root cgroup is 0, it has 1 page of files",
    ];
  });

  damageTest("an owner that is no cgroup is named", ({ raw, process }) => {
    const { frame } = pageAt(process, 0);
    raw.set32(raw.frameAt("pageMemcg", frame), raw.memcg(2).address + 8);
    return [
      `I4 page ${frame} is on the active anon list of cgroup 2, where it does not belong`,
      `I4 page ${frame} has an owner that is no cgroup`,
      "I4 the usage of cgroup 2 is 32, 31 pages are charged",
      "I4 rss of cgroup 2 is 3, it has 2 anonymous pages",
    ];
  });

  damageTest("an address space in no cgroup is named", ({ raw, process }) => {
    raw.mm(process).add("memcg", 8);
    return ["I4 process 1 is in no cgroup"];
  });

  damageTest("a parent that does not know its child is named", ({ raw }) => {
    raw.memcg(1).add("children", 1);
    return ["I4 cgroup 1 and those above and below it do not agree about it"];
  });

  damageTest("a cgroup that is charged for another than its parent is named", ({ raw }) => {
    raw.memcg(2).set("chargedTo", 0);
    return ["I4 cgroup 2 and those above and below it do not agree about it"];
  });

  damageTest("a move that never ended is named", ({ raw }) => {
    raw.memcg(2).add("movingAccount", 1);
    raw.header.add("memcgMoving", 1);
    return [
      "I4 a charge to cgroup 2, or a move from it, is still under way",
      "I4 a move of charges is still under way",
    ];
  });

  damageTest(
    "a processor that believes that a move is under way is named",
    ({ raw }) => {
      raw.set32(raw.onMoveAt(raw.memcg(2), 3), 1);
      return ["I4 a charge to cgroup 2, or a move from it, is still under way"];
    },
    "page-flag",
  );
});

describe("I12: locks of memory cgroups", () => {
  damageTest(
    "the move lock of a side record that is still taken is named",
    (on) => {
      const frame = setFlags(on, 0, USED | MOVE_LOCK);
      return [`I12 the side record of page ${frame} is still locked, or waits for a migration`];
    },
    "page-flag",
  );

  damageTest("a side record that is still locked, or waits for a migration, is named", (on) => {
    const frame = setFlags(on, 0, USED | MIGRATION);
    return [`I12 the side record of page ${frame} is still locked, or waits for a migration`];
  });

  damageTest("a move_lock that is still taken is named", ({ raw }) => {
    const cgroup: RawRecord = raw.memcg(2);
    cgroup.set("moveLock", 1);
    return ["I12 a lock of cgroup 2 is still taken"];
  });

  damageTest("cgroup_mutex that is still taken is named", ({ raw }) => {
    raw.header.set("cgroupMutex", 1);
    return ["I12 cgroup_mutex is still taken"];
  });
});
