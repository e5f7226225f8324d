import { describe, expect, test } from "vitest";
import { createKernel, switches, type Kernel } from "../../bindings/index.js";
import { RawMachine } from "../check/raw-machine.js";
import { PrioTree } from "../model/prio-tree.js";
import { searchPrioTree } from "./prio-search.js";

const PAGE = 4096;
const BASE = 0x10000000;

/** Starts of the VMAs in a file's list of nonlinear ones, each with its pid. */
function nonlinear(kernel: Kernel): string[] {
  const raw = new RawMachine(kernel);
  const [process] = kernel.processes;
  if (process === undefined) throw new Error("nobody is there");
  const pids = new Map(kernel.processes.map((one) => [raw.mm(one).address, one.pid]));
  const listed: string[] = [];
  for (let at = raw.file(process, BASE).get("iMmapNonlinear"); at !== 0;) {
    const vma = raw.record(at, "Vma");
    listed.push(`${pids.get(vma.get("mm"))} ${(vma.get("start") - BASE) / PAGE}`);
    at = vma.get("fileRight");
  }
  return listed;
}

describe("nonlinear VMAs", () => {
  test.each(switches.fileIndex)(
    "of a child are where fork puts them with the %s",
    async (index) => {
      const kernel = await createKernel({ build: "checked", fileIndex: index });
      const file = kernel.createFile({ pages: 8, kind: "tmpfs" });
      const parent = kernel.spawn();
      for (const page of [0, 10]) {
        const address = BASE + page * PAGE;
        parent.mmap({ address, length: 4 * PAGE, fixed: true, file, shared: true });
        parent.remapFilePages(address, PAGE, 2);
      }
      parent.fork();
      // The links of the list were those of the rings, in which a child comes after its parent.
      const apart = index === "interval-tree";
      expect(nonlinear(kernel)).toEqual(
        apart ? ["1 0", "1 10", "2 0", "2 10"] : ["1 0", "2 0", "1 10", "2 10"],
      );
      parent.exit();
      expect(kernel.verify()).toEqual([]);
      kernel.dispose();
    },
  );
});

test("a search of v3.4 that passes more nodes than a step can say is counted in full", async () => {
  const pages = 2 ** 17;
  const asked = 2 ** 16 + 10;
  const kernel = await createKernel({ fileIndex: "prio-tree-3.4", maxMapCount: pages + 8 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages });
  const tree = new PrioTree<{ readonly pgoff: number; readonly pages: number }>();
  const batch = kernel.batch();
  for (let pgoff = 0; pgoff < pages; pgoff++) {
    const address = BASE + 2 * pgoff * PAGE;
    batch.mmap(process, {
      address,
      fixed: true,
      length: PAGE,
      prot: "r",
      shared: true,
      file,
      pgoff,
    });
    if (pgoff % 256 < 255) continue;
    batch.run();
    batch.clear();
  }
  tree.linkAll(Array.from({ length: pages }, (_, pgoff) => ({ pgoff, pages: 1 })));
  const address = BASE + 2 * asked * PAGE;
  const counted = (): (number | undefined)[] => {
    process.read(address);
    const page = process.pageAt(address);
    if (page === null) throw new Error("no page");
    kernel.resetCounters();
    kernel.rmapWalk(page);
    const { nodesVisited, nodesTouched, entriesChecked } = kernel.counters;
    return [nodesVisited, nodesTouched, entriesChecked];
  };
  const naive = searchPrioTree(tree.shape, asked, asked, false);
  const expected = [naive.visited.length, naive.touched, 1];
  expect(naive.visited.length).toBeGreaterThan(2 ** 16);
  expect(counted()).toEqual(expected);
  // Whoever does not count walks leaves nothing behind for the next one.
  file.punchHole(asked, 1);
  expect(counted()).toEqual(expected);
  kernel.dispose();
});
