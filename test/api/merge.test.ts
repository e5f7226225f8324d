// The eight cases in which a range joins its neighbours, each with its anon_vma rule (spec/rmap.md Part 2).
//
// Pages 0 to 11 of the ground in up to three VMAs. A letter after the range names the VMA's anon_vma, "-"
// is none. Two protections that differ only in access, rw and rwx, keep VMAs apart until mprotect
// makes them equal; the request's anon_vma is that of the range's VMA, that of mmap is none.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { anonVmaAt, at, expectHealthy, lay, PAGE } from "./ground.js";

/** "0-4 rw A": pages 0 to 3, permissions, anon_vma. */
type Segment = `${number}-${number} ${"rw" | "rwx"} ${"-" | "A" | "B"}`;

function parse(segment: string) {
  const [, first, end, prot, label] = /^(\d+)-(\d+) (rwx?) ([-AB])$/.exec(segment)!;
  return { first: Number(first), end: Number(end), prot: prot as "rw" | "rwx", label: label! };
}

/** Lays the segments out; a letter that comes again is the same anon_vma, got by reuse from a neighbour. */
function build(process: Process, segments: readonly Segment[]): Map<number, string> {
  const letters = new Map<number, string>([[0, "-"]]);
  const parsed = segments.map(parse);
  for (const { first, end, prot } of parsed) lay(process, first, end - first, { prot });
  parsed.forEach(({ first, end, label }, i) => {
    if (label === "-") return;
    const fresh = parsed[i - 1]?.label !== label;
    const range = [at(first), (end - first) * PAGE] as const;
    // While its advice differs, the neighbours' anon_vmas do not suit it.
    if (fresh) process.madvise(...range, "random");
    process.write(at(first), 100 + first);
    if (fresh) process.madvise(...range, "normal");
    letters.set(anonVmaAt(process, first), label);
  });
  return letters;
}

function show(process: Process, letters: ReadonlyMap<number, string>): string[] {
  return process.vmas().map(({ start, end, prot, anonVma }) => {
    return `${(start - at(0)) / PAGE}-${(end - at(0)) / PAGE} ${prot} ${letters.get(anonVma) ?? "new"}`;
  });
}

interface Row {
  readonly before: readonly Segment[];
  /** "mmap 4-8": a new mapping, rw. "hole 4-8": pages 4 to 7 go first. Else mprotect of that range. */
  readonly action: `${"mmap" | "hole" | "rw" | "rwx"} ${number}-${number}`;
  /** 0: nothing is joined. */
  readonly case: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  readonly after: readonly Segment[];
}

const rows: readonly Row[] = [
  // Case 1: a hole is filled, both sides are joined.
  { case: 1, before: ["0-4 rw -", "8-12 rw -"], action: "mmap 4-8", after: ["0-12 rw -"] },
  { case: 1, before: ["0-4 rw A", "8-12 rw -"], action: "mmap 4-8", after: ["0-12 rw A"] },
  { case: 1, before: ["0-4 rw -", "8-12 rw A"], action: "mmap 4-8", after: ["0-12 rw A"] },
  {
    case: 1,
    before: ["0-4 rw A", "4-8 rwx A", "8-12 rw A"],
    action: "hole 4-8",
    after: ["0-12 rw A"],
  },
  // Both set and not equal: only the first is joined.
  {
    case: 2,
    before: ["0-4 rw A", "8-12 rw B"],
    action: "mmap 4-8",
    after: ["0-8 rw A", "8-12 rw B"],
  },
  // Cases 2 and 3: a hole is filled, one side is joined.
  { case: 2, before: ["0-4 rw -"], action: "mmap 4-8", after: ["0-8 rw -"] },
  { case: 2, before: ["0-4 rw A"], action: "mmap 4-8", after: ["0-8 rw A"] },
  {
    case: 2,
    before: ["0-4 rw A", "8-12 rwx B"],
    action: "mmap 4-8",
    after: ["0-8 rw A", "8-12 rwx B"],
  },
  { case: 3, before: ["8-12 rw -"], action: "mmap 4-8", after: ["4-12 rw -"] },
  { case: 3, before: ["8-12 rw A"], action: "mmap 4-8", after: ["4-12 rw A"] },
  {
    case: 0,
    before: ["0-4 rwx -", "8-12 rwx -"],
    action: "mmap 4-8",
    after: ["0-4 rwx -", "4-8 rw -", "8-12 rwx -"],
  },
  // Case 4: the tail of the VMA before goes to the VMA after.
  {
    case: 4,
    before: ["0-8 rw -", "8-12 rwx -"],
    action: "rwx 4-8",
    after: ["0-4 rw -", "4-12 rwx -"],
  },
  {
    case: 4,
    before: ["0-8 rw -", "8-12 rwx A"],
    action: "rwx 4-8",
    after: ["0-4 rw -", "4-12 rwx A"],
  },
  {
    case: 4,
    before: ["0-8 rw A", "8-12 rwx A"],
    action: "rwx 4-8",
    after: ["0-4 rw A", "4-12 rwx A"],
  },
  {
    case: 0,
    before: ["0-8 rw A", "8-12 rwx -"],
    action: "rwx 4-8",
    after: ["0-4 rw A", "4-8 rwx A", "8-12 rwx -"],
  },
  {
    case: 0,
    before: ["0-8 rw A", "8-12 rwx B"],
    action: "rwx 4-8",
    after: ["0-4 rw A", "4-8 rwx A", "8-12 rwx B"],
  },
  // Case 5: the head of the VMA after goes to the VMA before.
  {
    case: 5,
    before: ["0-4 rw -", "4-12 rwx -"],
    action: "rw 4-8",
    after: ["0-8 rw -", "8-12 rwx -"],
  },
  {
    case: 5,
    before: ["0-4 rw A", "4-12 rwx -"],
    action: "rw 4-8",
    after: ["0-8 rw A", "8-12 rwx -"],
  },
  {
    case: 5,
    before: ["0-4 rw A", "4-12 rwx A"],
    action: "rw 4-8",
    after: ["0-8 rw A", "8-12 rwx A"],
  },
  {
    case: 0,
    before: ["0-4 rw -", "4-12 rwx A"],
    action: "rw 4-8",
    after: ["0-4 rw -", "4-8 rw A", "8-12 rwx A"],
  },
  {
    case: 0,
    before: ["0-4 rw A", "4-12 rwx B"],
    action: "rw 4-8",
    after: ["0-4 rw A", "4-8 rw B", "8-12 rwx B"],
  },
  // Case 6: the range is all of a VMA, both sides are joined.
  {
    case: 6,
    before: ["0-4 rw -", "4-8 rwx -", "8-12 rw -"],
    action: "rw 4-8",
    after: ["0-12 rw -"],
  },
  {
    case: 6,
    before: ["0-4 rw A", "4-8 rwx -", "8-12 rw -"],
    action: "rw 4-8",
    after: ["0-12 rw A"],
  },
  {
    case: 6,
    before: ["0-4 rw -", "4-8 rwx -", "8-12 rw A"],
    action: "rw 4-8",
    after: ["0-12 rw A"],
  },
  {
    case: 6,
    before: ["0-4 rw A", "4-8 rwx A", "8-12 rw A"],
    action: "rw 4-8",
    after: ["0-12 rw A"],
  },
  // Case 7: the VMA before takes all of it.
  {
    case: 7,
    before: ["0-4 rw A", "4-8 rwx -", "8-12 rw B"],
    action: "rw 4-8",
    after: ["0-8 rw A", "8-12 rw B"],
  },
  {
    case: 7,
    before: ["0-4 rw A", "4-8 rwx A", "8-12 rw -"],
    action: "rw 4-8",
    after: ["0-8 rw A", "8-12 rw -"],
  },
  { case: 7, before: ["0-4 rw -", "4-8 rwx -"], action: "rw 4-8", after: ["0-8 rw -"] },
  { case: 7, before: ["0-4 rw A", "4-8 rwx -"], action: "rw 4-8", after: ["0-8 rw A"] },
  { case: 7, before: ["0-4 rw A", "4-8 rwx A"], action: "rw 4-8", after: ["0-8 rw A"] },
  { case: 0, before: ["0-4 rw -", "4-8 rwx A"], action: "rw 4-8", after: ["0-4 rw -", "4-8 rw A"] },
  { case: 0, before: ["0-4 rw A", "4-8 rwx B"], action: "rw 4-8", after: ["0-4 rw A", "4-8 rw B"] },
  // Case 8: it takes the VMA after, and that one's anon_vma if it has none itself.
  { case: 8, before: ["4-8 rwx -", "8-12 rw -"], action: "rw 4-8", after: ["4-12 rw -"] },
  { case: 8, before: ["4-8 rwx -", "8-12 rw A"], action: "rw 4-8", after: ["4-12 rw A"] },
  { case: 8, before: ["4-8 rwx A", "8-12 rw A"], action: "rw 4-8", after: ["4-12 rw A"] },
  {
    case: 8,
    before: ["0-4 rw -", "4-8 rwx A", "8-12 rw A"],
    action: "rw 4-8",
    after: ["0-4 rw -", "4-12 rw A"],
  },
  {
    case: 0,
    before: ["4-8 rwx A", "8-12 rw -"],
    action: "rw 4-8",
    after: ["4-8 rw A", "8-12 rw -"],
  },
  {
    case: 0,
    before: ["4-8 rwx A", "8-12 rw B"],
    action: "rw 4-8",
    after: ["4-8 rw A", "8-12 rw B"],
  },
  {
    case: 0,
    before: ["0-4 rw -", "4-8 rwx A", "8-12 rw -"],
    action: "rw 4-8",
    after: ["0-4 rw -", "4-8 rw A", "8-12 rw -"],
  },
];

function act(kernel: Kernel, process: Process, action: Row["action"]): number[] {
  const [, what, from, to] = /^(\w+) (\d+)-(\d+)$/.exec(action)!;
  const first = Number(from);
  const n = Number(to) - first;
  if (what === "hole") process.munmap(at(first), n * PAGE);
  kernel.resetCounters();
  kernel.recordEvents(true);
  if (what === "mmap" || what === "hole") lay(process, first, n, { prot: "rw" });
  else process.mprotect(at(first), n * PAGE, what as "rw" | "rwx");
  return kernel
    .takeEvents()
    .filter(({ event }) => event === "VmaMerge")
    .map(({ a }) => a);
}

describe.each(["list", "interval-tree"] as const)("with the %s", (anonIndex) => {
  test.each(rows)("case $case: $before, $action: $after", async (row) => {
    const kernel = await createKernel({ anonIndex, frames: 32, build: "checked" });
    const process = kernel.spawn();
    const letters = build(process, row.before);
    const written = process
      .pages()
      .map(({ address }) => ({ address, word: process.read(address) }));
    expect(act(kernel, process, row.action)).toEqual(row.case ? [row.case] : []);
    expect(kernel.counters.vmaMerges).toBe(row.case ? 1 : 0);
    expect(show(process, letters)).toEqual(row.after);
    for (const { address, word } of written) {
      if (row.action.startsWith("hole") && address >= at(4) && address < at(8)) continue;
      expect(process.read(address)).toBe(word);
      const mappings = process.pageAt(address)!.mappings();
      expect(mappings.map((mapping) => mapping.address)).toEqual([address]);
    }
    expectHealthy(kernel);
  });
});

/** A parent with one written page in 0-4, and its child, whose VMA has two links in its chain. */
async function family() {
  const kernel = await createKernel({ frames: 32, build: "checked" });
  const parent = kernel.spawn();
  lay(parent, 0, 4);
  parent.write(at(0), 1);
  return { kernel, parent, child: parent.fork() };
}

test("after a fork the child's VMA takes no new neighbour in, the parent's does", async () => {
  const { kernel, parent, child } = await family();
  lay(child, 4, 4);
  lay(parent, 4, 4);
  expect(child.vmaCount).toBe(2);
  expect(parent.vmaCount).toBe(1);
  expectHealthy(kernel);
});

test("after a fork the pieces of one VMA of the child still join", async () => {
  const { kernel, child } = await family();
  child.mprotect(at(1), PAGE, "r");
  expect(child.vmaCount).toBe(3);
  child.mprotect(at(1), PAGE, "rw");
  expect(child.vmaCount).toBe(1);
  expectHealthy(kernel);
});

test("mappings of one open file join when their offsets continue", async () => {
  const kernel = await createKernel({ frames: 8 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 16 });
  lay(process, 0, 4, { file, pgoff: 2, shared: true });
  lay(process, 4, 4, { file, pgoff: 6, shared: true });
  expect(process.vmaCount).toBe(1);
  lay(process, 8, 4, { file, pgoff: 9, shared: true });
  expect(process.vmaCount).toBe(2);
});

test("mappings of two opens of one file, or of two files, never join", async () => {
  const kernel = await createKernel({ frames: 8 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 16 });
  const again = file.open();
  expect(again.inode).toBe(file.inode);
  lay(process, 0, 4, { file });
  lay(process, 4, 4, { file: again, pgoff: 4 });
  lay(process, 8, 4, { file: kernel.createFile({ pages: 16 }), pgoff: 8 });
  lay(process, 12, 4);
  expect(process.vmaCount).toBe(4);
});

test.each([
  ["shared and private", { shared: true }],
  ["with and without accounting", { noReserve: true }],
  ["growing down or not", { growsDown: true }],
])("neighbours that differ in being %s do not join", async (_, options) => {
  const kernel = await createKernel({ frames: 8 });
  const process = kernel.spawn();
  lay(process, 0, 4);
  lay(process, 4, 4, options);
  expect(process.vmaCount).toBe(2);
});

test("a VMA that was once writable keeps its promise of memory, and so its distance", async () => {
  const kernel = await createKernel({ frames: 8 });
  const process = kernel.spawn();
  lay(process, 0, 4, { prot: "r" });
  lay(process, 4, 4, { prot: "rw" });
  process.mprotect(at(4), 4 * PAGE, "r");
  expect(process.vmas().map(({ perms }) => perms)).toEqual(["r--p", "r--p"]);
});
