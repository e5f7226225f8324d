// Cuts of the replay between VMAs that differ in VM_ACCOUNT: 6.18 gives that flag up where nothing was ever
// charged, so it explains a cut only there.

import { describe, expect, test } from "vitest";
import { VmFlag } from "../../assembly/abi/flag.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Vma } from "../../bindings/kernel/vma.js";
import { ACCOUNT_MERGE, compareMaps } from "../../bindings/trace/comparison.js";
import { InodeTable, OpenFile } from "../../bindings/trace/inode-table.js";
import type { MapsRange } from "../../bindings/trace/maps-file.js";

const CHARGED: number = VmFlag.Read | VmFlag.Account;
const FREE: number = VmFlag.Read;
const kernel = await createKernel({ frames: 16 });
const inodes = new InodeTable(kernel);
const process = kernel.spawn();
const file = inodes.fileOf(new OpenFile(inodes.at("/lib/a")));

/** One page of `number`, read-only and private unless `other` says more. */
function vma(number: number, flags: number, other: Partial<Vma> = {}): Vma {
  return {
    process: process,
    start: 0x10000000 + number * 4096,
    end: 0x10001000 + number * 4096,
    pgoff: number,
    prot: "r",
    perms: "r--p",
    shared: false,
    file: null,
    hugetlb: false,
    flags,
    anonVma: 0,
    ...other,
  };
}

/** Why the live kernel, which shows both as one, may have done so. */
function explained(left: Vma, right: Vma): unknown[] {
  const whole: MapsRange = {
    start: left.start,
    end: right.end,
    perms: left.perms,
    pgoff: 0,
    name: left.file ? "/lib/a" : "",
    named: left.file !== null,
  };
  const {
    differences,
    boundaries,
    explained: reasons,
  } = compareMaps([whole], [left, right], inodes);
  expect({ differences, boundaries }).toEqual({ differences: [], boundaries: 1 });
  return [...reasons];
}

describe("a cut where only VM_ACCOUNT differs", () => {
  const yes = [[ACCOUNT_MERGE, 1]];
  const touched = { anonVma: 7 };

  test.each([
    ["the right one charged", vma(0, FREE), vma(1, CHARGED), yes],
    ["the left one charged", vma(0, CHARGED), vma(1, FREE), yes],
    ["the other one touched", vma(0, FREE, touched), vma(1, CHARGED), yes],
    ["the other one touched, on the right", vma(0, CHARGED), vma(1, FREE, touched), yes],
    ["the charged one touched", vma(0, FREE), vma(1, CHARGED, touched), []],
    ["the charged one touched, on the left", vma(0, CHARGED, touched), vma(1, FREE), []],
    ["both touched", vma(0, CHARGED, touched), vma(1, FREE, touched), []],
    ["another flag as well", vma(0, FREE), vma(1, CHARGED | VmFlag.DontCopy), []],
    ["another flag on the other", vma(0, FREE | VmFlag.Locked), vma(1, CHARGED), []],
  ])("with %s", (_, left, right, reasons) => {
    expect(explained(left, right)).toEqual(reasons);
  });

  test("in memory that may be written is not that", () => {
    const writable = { prot: "rw", perms: "rw-p" } as const;
    const bits = FREE | VmFlag.Write;
    expect(explained(vma(0, bits, writable), vma(1, bits | VmFlag.Account, writable))).toEqual([]);
  });

  test("in a file is not that", () => {
    const mapped = { file: file };
    expect(explained(vma(0, FREE, mapped), vma(1, CHARGED, mapped))).toEqual([]);
  });
});
