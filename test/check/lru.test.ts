import { describe } from "vitest";
import { LruList, VmStat } from "../../assembly/abi/counter.js";
import { PageFlag } from "../../assembly/abi/flag.js";
import { pageAt } from "./family.js";
import { DISK, HEAP, workDamageTest } from "./working-machine.js";

const PAGE = 4096;

describe("I4: the lists of reclaim", () => {
  workDamageTest("a list that counts wrong is named", ({ raw }) => {
    const list = raw.lru(LruList.ActiveAnon);
    list.add("count", 1);
    const n = list.get("count");
    return [`I4 the active anon list of the root cgroup counts ${n} pages, it holds ${n - 1}`];
  });

  workDamageTest(
    "a page that says it is on a list, and is on none, is named",
    ({ raw, process }) => {
      const list = raw.lru(LruList.InactiveFile);
      const { frame } = pageAt(process, DISK + PAGE);
      const [first, last] = [list.get("head"), list.get("tail")];
      // The list is cut before or behind it: what is beyond is on no list any more.
      list.set("head", frame === first ? raw.get32(raw.frameAt("pageLruNext", first)) : first);
      list.set("tail", frame === first ? last : raw.get32(raw.frameAt("pageLruPrev", frame)));
      const rest = frame === first ? list.get("head") : list.get("tail");
      raw.set32(raw.frameAt(frame === first ? "pageLruPrev" : "pageLruNext", rest), 0);
      list.add("count", -1);
      return [`I4 page ${frame} says that it is on a list of reclaim, but is on none`];
    },
  );

  workDamageTest("a page on the wrong list is named", ({ raw, process }) => {
    const { frame } = pageAt(process, HEAP + 2 * PAGE);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) ^ PageFlag.Active);
    return [
      `I4 page ${frame} is on the active anon list of the root cgroup, where it does not belong`,
    ];
  });

  workDamageTest("links that do not agree are named", ({ raw, process }) => {
    const { frame } = pageAt(process, HEAP + 2 * PAGE);
    raw.set32(raw.frameAt("pageLruPrev", frame), 200);
    // From there on nothing is known to be on the list.
    const lost = [pageAt(process, HEAP).frame, frame].map(
      (page) => `I4 page ${page} says that it is on a list of reclaim, but is on none`,
    );
    return [
      `I4 the active anon list of the root cgroup has links that do not agree, at page ${frame}`,
      ...lost,
    ];
  });
});

describe("I4: states of pages are counted", () => {
  workDamageTest("dirty pages are recounted", ({ raw }) => {
    raw.addVmStat(VmStat.NrDirty, 1);
    return ["I4 NR_FILE_DIRTY is 2, 1 page is dirty"];
  });

  workDamageTest("pages under writeback are recounted", ({ raw }) => {
    raw.addVmStat(VmStat.NrWriteback, 1);
    return ["I4 NR_WRITEBACK is 1, 0 pages are being written"];
  });
});
