import { describe, expect, test } from "vitest";
import { VmStat } from "../../assembly/abi/counter.js";
import { PageFlag } from "../../assembly/abi/flag.js";
import { createKernel } from "../../bindings/index.js";
import { hex } from "./damage.js";
import { messages, pageAt } from "./family.js";
import { RawMachine } from "./raw-machine.js";
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

test("I6: up to v3.6 a page may be mlocked that nothing maps, and is counted", async () => {
  const kernel = await createKernel({ build: "checked", clearMlock: "on-truncate" });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 1, kind: "disk" });
  process.mmap({ address: DISK, length: 4096, fixed: true, file });
  process.write(DISK, 1);
  process.mlock(DISK, 4096);
  kernel.pin(pageAt(process, DISK));
  file.truncate(0);
  expect(messages(kernel)).toEqual([]);
  new RawMachine(kernel).addVmStat(VmStat.NrMlock, -1);
  expect(messages(kernel)).toEqual(["I6 NR_MLOCK is 0, 1 page is mlocked"]);
});

describe("I7: what can be written is dirty", () => {
  workDamageTest("a disk's dirty page has buffers", ({ raw, process }) => {
    const { frame } = pageAt(process, DISK);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.Private);
    const refcount = raw.frameAt("pageRefcount", frame);
    raw.set32(refcount, raw.get32(refcount) - 1);
    return [
      `I7 page ${frame} of a disk is dirty, but has no buffers: its file system has not heard of it`,
    ];
  });

  test.each([
    ["always", 0],
    ["non-accounting-only", 1],
  ] as const)("but on an s390x whose keys are asked %s: %i violations", async (value, found) => {
    const options = { build: "checked", arch: "s390x", storageKeyDirty: value } as const;
    const kernel = await createKernel(options);
    const file = kernel.createFile({ pages: 1, kind: "disk" });
    file.write(0, 1);
    const process = kernel.spawn();
    process.mmap({ address: DISK, length: 4096, fixed: true, file });
    process.read(DISK);
    const raw = new RawMachine(kernel);
    const { frame } = pageAt(process, DISK);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) & ~PageFlag.Private);
    const refcount = raw.frameAt("pageRefcount", frame);
    raw.set32(refcount, raw.get32(refcount) - 1);
    expect(messages(kernel)).toHaveLength(found);
  });

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
