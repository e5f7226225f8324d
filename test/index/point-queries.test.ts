// What the labs say that walks cost, counted again by naive searches.

import { describe, expect, test } from "vitest";
import { createKernel, type Kernel } from "../../bindings/index.js";
import { mapRanges, mixed } from "../../bindings/labs/file-ground.js";
import { labNamed } from "../../bindings/labs/index.js";
import type { Observables } from "../../bindings/labs/lab.js";
import { RawMachine } from "../check/raw-machine.js";
import { PrioTree } from "../model/prio-tree.js";
import { intervalShape, searchIntervals } from "./interval-search.js";
import { searchPrioTree, type Search } from "./prio-search.js";

const MANY = 20_000;
const FEW = 32;
/** A hundred million visits. */
const LONG = 120_000;

type Side = "before" | "after";

function expected(lab: string, scenario: string, side: Side): Observables {
  const found = labNamed(lab)?.scenarios.find(({ name }) => name === scenario);
  if (found === undefined) throw new Error(`no ${lab}, ${scenario}`);
  return found.expected[side];
}

function mean(sum: number): number {
  return Math.round((sum / MANY) * 100) / 100;
}

/** Searches for page 0, 2, 4, ...; those with the same node at two visits have touched it twice as well. */
function searches(n: number, search: (page: number) => Search<unknown>): Observables {
  let [found, visited, touched, different] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const one = search(2 * i);
    found += one.found.length;
    visited += one.visited.length;
    touched += one.touched;
    different += one.touched - (one.visited.length - new Set(one.visited).size);
  }
  return {
    ...{ found, visitedPerQuery: mean(visited), touchedPerQuery: mean(touched) },
    differentPerQuery: mean(different),
  };
}

function way({ found, visited }: Search<unknown>): Observables {
  const differentNodes = new Set(visited).size;
  return { found: found.length, visited: visited.length, differentNodes };
}

function prioTree(n: number) {
  const tree = new PrioTree<{ readonly pgoff: number; readonly pages: number }>();
  tree.linkAll(Array.from({ length: n }, (_, i) => ({ pgoff: 2 * i, pages: 1 })));
  return tree.shape;
}

async function intervalTree(n: number): Promise<[Kernel, ReturnType<typeof intervalShape>]> {
  const kernel = await createKernel({ build: "release", maxMapCount: n + 8 });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 2 * n });
  const ranges = mixed(n).map((i) => ({ first: 2 * i, pages: 1 }));
  const [start = 0] = mapRanges(kernel, process, file, ranges);
  const raw = new RawMachine(kernel);
  return [kernel, intervalShape(raw, raw.file(process, start).get("iMmap"))];
}

describe("point queries of a file", () => {
  test.each([
    ["the prio tree", "after", true],
    ["that of v3.4", "before", false],
  ] as const)(
    "cost what naive searches of %s cost",
    (_, side, prunes) => {
      const tree = prioTree(MANY);
      const naive = searches(MANY, (page) => searchPrioTree(tree, page, page, prunes));
      expect(naive).toEqual(expected("prio-pruning", "point-queries", side));
      const small = prioTree(FEW);
      expect(way(searchPrioTree(small, 34, 34, prunes))).toEqual(
        expected("prio-pruning", "one-query", side),
      );
    },
    LONG,
  );

  test("are the same before the interval tree as without pruning", () => {
    for (const scenario of ["point-queries", "one-query"]) {
      expect(expected("file-index", scenario, "before")).toEqual(
        expected("prio-pruning", scenario, "before"),
      );
    }
  });

  test("cost what naive searches of the interval tree cost", async () => {
    const [kernel, tree] = await intervalTree(MANY);
    const naive = searches(MANY, (page) => searchIntervals(tree, page, page));
    expect(naive).toEqual(expected("file-index", "point-queries", "after"));
    kernel.dispose();
    const [few, small] = await intervalTree(FEW);
    expect(way(searchIntervals(small, 34, 34))).toEqual(
      expected("file-index", "one-query", "after"),
    );
    few.dispose();
  });
});
