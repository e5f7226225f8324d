import { expect, test } from "vitest";
import { createKernel, type Kernel } from "../../bindings/index.js";
import { brokenInvariants, raiseFamily, remapPages } from "./family.js";
import { RawMachine } from "./raw-machine.js";

/** Numbers below 2^32 that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 0;
  };
}

const SLAB = 4096;
const SLAB_HEAD = 8;

/** Words of the machine's objects and tables: not the links between slabs, on which verify() stands. */
function damageableWords(kernel: Kernel): number[] {
  const raw = new RawMachine(kernel);
  const words: number[] = [];
  for (let at = raw.header.get("pageIndex"); at < kernel.memoryInUse; at += 4) {
    const inArrays = at < raw.header.get("pageGeneration") + (raw.header.get("frames") + 1) * 4;
    if ((inArrays || at % SLAB >= SLAB_HEAD) && raw.get32(at) !== 0) words.push(at);
  }
  return words;
}

test(
  "whatever word is damaged, verify() ends and says what it can",
  { timeout: 60_000 },
  async () => {
    for (const anonIndex of ["interval-tree", "list"] as const) {
      const family = await raiseFamily({ anonIndex });
      remapPages(family);
      const { kernel, raw } = family;
      const words = damageableWords(kernel);
      const healthy = kernel.snapshot();
      const next = random(37);
      let noticed = 0;
      const rounds = 3000;
      for (let round = 0; round < rounds; round++) {
        for (let n = next() % 3; n >= 0; n--) {
          const at = words[next() % words.length] ?? 0;
          const other = words[next() % words.length] ?? 0;
          const values = [
            next(),
            raw.get32(other),
            other & ~7,
            raw.get32(at) ^ (1 << (next() % 32)),
            0,
          ];
          raw.set32(at, values[next() % values.length] ?? 0);
        }
        if (brokenInvariants(kernel).length > 0) noticed++;
        kernel.restore(healthy);
      }
      expect(noticed).toBeGreaterThan(rounds / 4);
      expect(kernel.verify()).toEqual([]);
      kernel.dispose();
    }
  },
);

test("verify() changes nothing of a machine, not even a damaged one", async () => {
  const { kernel, raw, parent } = await raiseFamily();
  for (const damage of [0, 5]) {
    raw.mm(parent).add("anonRss", damage);
    const before = raw.bytes();
    const { counters, memoryInUse } = kernel;
    kernel.verify();
    expect(kernel.counters).toEqual(counters);
    expect(kernel.memoryInUse).toBe(memoryInUse);
    expect(raw.bytes().every((byte, at) => byte === before[at])).toBe(true);
  }
  kernel.dispose();
});

test("of a thousand broken things of a kind the first eight are listed, and all are counted", async () => {
  const kernel = await createKernel({ build: "checked", frames: 2048 });
  const raw = new RawMachine(kernel);
  const process = kernel.spawn();
  const at = process.mmap({ length: 1000 * 4096 });
  for (let page = 0; page < 1000; page++) process.write(at + page * 4096, 1);
  raw.vma(process, at).add("pgoff", 1);
  const violations = kernel.verify();
  const misplaced = violations.filter(({ invariant }) => invariant === "I3");
  expect(misplaced).toHaveLength(8);
  expect(misplaced[0]?.message).toContain("(the first 8 of 1000 of this kind)");
  expect(brokenInvariants(kernel)).toEqual(["I11", "I3"]);
  kernel.dispose();
});

test("without memory for the recount verify() says so", async () => {
  const kernel = await createKernel({ build: "checked", frames: 16 });
  const raw = new RawMachine(kernel);
  raw.header.set("memoryLimit", kernel.memoryInUse);
  expect(() => kernel.verify()).toThrow(expect.objectContaining({ code: "ENOMEM" }));
  kernel.dispose();
});

test("twenty thousand VMAs of one address space are checked", async () => {
  const kernel = await createKernel({ frames: 65536 });
  const process = kernel.spawn();
  const pages = 20_000;
  const at = process.mmap({ length: pages * 4096 });
  for (let page = 0; page < pages; page++) process.write(at + page * 4096, page);
  const batch = kernel.batch();
  for (let page = 0; page < pages; page += 2) {
    if (batch.length === 256) {
      batch.run();
      batch.clear();
    }
    batch.mprotect(process, at + page * 4096, 4096, "r");
  }
  batch.run();
  expect(process.vmas()).toHaveLength(pages);
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
});
