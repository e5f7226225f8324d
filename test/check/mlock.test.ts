import { describe } from "vitest";
import { VmStat } from "../../assembly/abi/counter.js";
import { PageFlag } from "../../assembly/abi/flag.js";
import { hex } from "./damage.js";
import { pageAt } from "./family.js";
import { DISK, LOCKED, workDamageTest } from "./working-machine.js";

const PTE_WRITE = 2;

describe("I6: an mlocked page is mapped", () => {
  workDamageTest("mlocked pages are recounted", ({ raw }) => {
    raw.addVmStat(VmStat.NrMlock, -1);
    return ["I6 NR_MLOCK is 0, 1 page is mlocked"];
  });

  workDamageTest("an mlocked page that nothing maps is named", ({ raw, process }) => {
    const { frame } = pageAt(process, LOCKED);
    raw.set64(raw.entryAt(process, LOCKED), 0);
    raw.set32(raw.frameAt("pageMapcount", frame), 0xffffffff);
    raw.mm(process).add("anonRss", -1);
    raw.header.add("nrAnonPages", -1);
    return [
      `I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`,
      `I6 page ${frame} is mlocked, but nothing maps it`,
    ];
  });
});

describe("I7: what can be written is dirty", () => {
  workDamageTest("a clean page with a writable entry is named", ({ raw, process }) => {
    const { frame } = pageAt(process, DISK);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.Dirty);
    raw.addVmStat(VmStat.NrDirty, -1);
    return [
      `I7 page ${frame} can be written at ${hex(DISK)} of process 1 without a fault, but is not known to be dirty`,
    ];
  });

  workDamageTest("so is one whose entry became writable by itself", ({ raw, process }) => {
    const { frame } = pageAt(process, DISK + 4096);
    const at = raw.entryAt(process, DISK + 4096);
    raw.set64(at, raw.get64(at) | PTE_WRITE);
    return [
      `I7 page ${frame} can be written at ${hex(DISK + 4096)} of process 1 without a fault, but is not known to be dirty`,
    ];
  });
});
