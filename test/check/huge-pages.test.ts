// What verify() says of huge pages that are damaged.

import { describe, expect, test } from "vitest";
import { LruList, VmStat } from "../../assembly/abi/counter.js";
import type { Kernel, Process } from "../../bindings/index.js";
import { at, PAGE, pageAt } from "../api/ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge } from "../api/huge.js";
import { hex } from "./damage.js";
import { messages } from "./family.js";
import { RawMachine } from "./raw-machine.js";

interface HugeMachine {
  readonly kernel: Kernel;
  readonly process: Process;
  readonly raw: RawMachine;
  /** First frame of the huge page at page 0, which a child has as well. */
  readonly head: number;
}

function damageTest(sentence: string, damage: (machine: HugeMachine) => string[]): void {
  test(sentence, async () => {
    const { kernel, process } = await hugeMachine();
    layHuge(process, 0, 2, [0, HUGE]);
    process.mlock(at(HUGE), hugeBytes(1));
    process.fork();
    expect(messages(kernel)).toEqual([]);
    const raw = new RawMachine(kernel);
    const expected = damage({ kernel, process, raw, head: pageAt(process, 0).frame });
    expect(messages(kernel)).toEqual(expected);
    kernel.dispose();
  });
}

describe("I1: a huge entry counts once", () => {
  damageTest("a mapcount that is too high is named", ({ raw, head }) => {
    const mapcount = raw.frameAt("pageMapcount", head);
    raw.set32(mapcount, raw.get32(mapcount) + 1);
    return [`I1 page ${head} has a mapcount of 3, 2 entries map it`];
  });

  damageTest(
    "references that are held through a tail are the head's",
    ({ kernel, raw, process, head }) => {
      kernel.pin(pageAt(process, 5));
      const refcount = raw.frameAt("pageRefcount", head);
      raw.set32(refcount, raw.get32(refcount) - 1);
      return [
        `I1 page ${head} has a refcount of 2, 2 entries and 1 other (caches, buffers, writeback, pins) hold it`,
      ];
    },
  );
});

describe("I3, I4: huge pages and what counts them", () => {
  damageTest("a head at another index is named", ({ raw, process, head }) => {
    const index = raw.frameAt("pageIndex", head);
    raw.set64(index, raw.get64(index) + 1);
    const words = (pid: number): string =>
      `I3 page ${head} has index ${raw.get64(index)}, but at ${hex(at(0))} of process ${pid} ` +
      `the VMA shows pgoff ${raw.get64(index) - 1}`;
    return [words(process.pid), words(process.pid + 1)];
  });

  damageTest("the number of huge pages is recounted", ({ raw }) => {
    raw.header.add("nrAnonHuge", 1);
    return ["I4 NR_ANON_TRANSPARENT_HUGEPAGES is 3, 2 huge pages are mapped"];
  });

  damageTest("a tail without its mark is no part of a huge page", ({ raw, head }) => {
    const flags = raw.frameAt("pageFlags", head + 7);
    raw.set32(flags, 0);
    return [
      `I4 page ${head + 7} and the huge page that begins at frame ${head} do not belong together`,
      `I4 frames in use are counted as ${raw.header.get("framesInUse")}, ${raw.header.get("framesInUse") - 1} have references`,
    ];
  });

  damageTest("a tail that holds references without anybody is named", ({ raw, head }) => {
    raw.set32(raw.frameAt("pageMapcount", head + 7), 0);
    return [
      `I4 page ${head + 7} and the huge page that begins at frame ${head} do not belong together`,
    ];
  });

  damageTest("a tail that names another head is named", ({ raw, head }) => {
    raw.set32(raw.frameAt("pagePrivate", head + 7), head + HUGE);
    return [
      `I4 page ${head + 7} and the huge page that begins at frame ${head} do not belong together`,
    ];
  });

  damageTest("the table for the split is empty but for the entry", ({ raw, process }) => {
    raw.set64(raw.hugeEntryAt(process, at(0)) + 40, 1);
    return [
      `I4 the table that the huge entry at ${hex(at(0))} of process ${process.pid} needs for its split has entries`,
    ];
  });

  damageTest("a huge entry that reaches beyond its VMA is named", ({ raw, process, head }) => {
    const vma = raw.vma(process, at(0));
    vma.set("end", at(HUGE) - PAGE);
    const [first = ""] = messages(raw.kernel).filter((words) => words.includes("huge entry"));
    vma.set("end", at(HUGE));
    expect(first).toBe(
      `I4 the huge entry at ${hex(at(0))} of process ${process.pid} with frame ${head} is not all of a huge page inside one VMA`,
    );
    return [];
  });

  damageTest("a list that counts huge pages wrong is named", ({ raw }) => {
    raw.lru(LruList.ActiveAnon).add("huge", 1);
    return [
      `I4 the active anon list of the root cgroup counts ${2 * HUGE - 1} pages, it holds ${HUGE}`,
    ];
  });
});

describe("I6, I8", () => {
  damageTest("a mlocked huge page counts by its size", ({ raw }) => {
    raw.addVmStat(VmStat.NrMlock, 1 - HUGE);
    return [`I6 NR_MLOCK is 1, ${HUGE} pages are mlocked`];
  });

  damageTest("an entry that is still marked as being split is named", ({ raw, process, head }) => {
    const entry = raw.hugeEntryAt(process, at(0));
    raw.set64(entry, raw.get64(entry) + 0x200);
    return [
      `I8 the huge entry of page ${head} at ${hex(at(0))} of process ${process.pid} is still marked as being split`,
    ];
  });
});
