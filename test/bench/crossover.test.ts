import { describe, expect, test } from "vitest";
import { findCrossovers } from "../../bench/crossover.js";
import { benchRow } from "./rows.js";

/** Rows of one operation from times of list and tree at each size. */
function times(sizes: readonly (readonly [vmas: number, list: number, tree: number])[]) {
  return sizes.flatMap(([vmas, list, tree]) => [
    benchRow({ index: "list", vmas }, list),
    benchRow({ index: "interval-tree", vmas }, tree),
  ]);
}

describe("the crossover", () => {
  test("is interpolated on log axes between the sizes around it", () => {
    const [crossing] = findCrossovers(
      times([
        [1, 10, 100],
        [100, 100, 10],
      ]),
    );
    expect(crossing).toMatchObject({ below: "list", above: "interval-tree" });
    expect(crossing?.vmas).toBeCloseTo(10, 9);
  });

  test("is the last one where times cross more than once", () => {
    const rows = times([
      [1, 1, 2],
      [4, 2, 1],
      [16, 1, 2],
      [64, 2, 1],
    ]);
    expect(findCrossovers(rows)[0]?.vmas).toBeCloseTo(32, 9);
  });

  test("is null where one index is always faster", () => {
    expect(
      findCrossovers(
        times([
          [1, 2, 1],
          [8, 3, 1],
        ]),
      ),
    ).toMatchObject([{ vmas: null, below: "interval-tree", above: "interval-tree" }]);
    expect(
      findCrossovers(
        times([
          [1, 1, 2],
          [8, 1, 2],
        ]),
      ),
    ).toMatchObject([{ vmas: null, below: "list", above: "list" }]);
  });

  test("is not made by differences within 5 %", () => {
    expect(
      findCrossovers(
        times([
          [1, 100, 104],
          [8, 104, 100],
        ]),
      ),
    ).toMatchObject([{ vmas: null, below: "equal", above: "equal" }]);
  });

  test("of files is that of the whole prio tree and the interval tree", () => {
    const at = (vmas: number, prio: number, unpruned: number, tree: number) => [
      benchRow({ suite: "file", index: "prio-tree", vmas }, prio),
      benchRow({ suite: "file", index: "prio-tree-3.4", vmas }, unpruned),
      benchRow({ suite: "file", index: "interval-tree", vmas }, tree),
    ];
    const rows = [...at(1, 10, 1, 100), ...at(100, 100, 100, 10)];
    const [crossing, ...others] = findCrossovers(rows);
    expect(crossing).toMatchObject({ suite: "file", below: "prio-tree", above: "interval-tree" });
    expect(crossing?.vmas).toBeCloseTo(10, 9);
    expect(others).toEqual([]);
    expect(findCrossovers(rows.filter((row) => row.index !== "prio-tree"))).toEqual([]);
  });

  test("needs both indexes and two sizes", () => {
    expect(findCrossovers(times([[8, 2, 1]]))).toEqual([]);
    const listOnly = times([
      [1, 1, 1],
      [8, 1, 1],
    ]).filter((row) => row.index === "list");
    expect(findCrossovers(listOnly)).toEqual([]);
  });
});
