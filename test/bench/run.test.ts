import { describe, expect, test } from "vitest";
import type { BenchRow } from "../../bench/document.js";
import { runBench, type BenchProgress } from "../../bench/run.js";
import { untimed } from "./untimed.js";

const plan = { suites: ["split" as const], sizes: [1, 4], quick: true, seed: 1 };

describe("a benchmark run", () => {
  test("measures sizes in order, each on the list and then on the tree", async () => {
    const { rows, complete } = await runBench(plan, { clock: untimed });
    expect(complete).toBe(true);
    const states = rows.map((row) => `${row.vmas} ${row.index}`);
    expect([...new Set(states)]).toEqual([
      "1 list",
      "1 interval-tree",
      "4 list",
      "4 interval-tree",
    ]);
    const operations = rows.slice(-5).map((row) => row.operation);
    expect(operations).toEqual(["stab", "page-referenced", "try-to-unmap", "rmap-walk", "split"]);
  });

  test("measures only the index it is asked for", async () => {
    const { rows, crossover } = await runBench({ ...plan, indexes: ["list"] }, { clock: untimed });
    expect(new Set(rows.map((row) => row.index))).toEqual(new Set(["list"]));
    expect(crossover).toEqual([]);
  });

  test("measures a file's indexes from the oldest to the newest", async () => {
    const { rows, crossover } = await runBench(
      {
        ...plan,
        suites: ["file"],
        indexes: ["list", "prio-tree", "prio-tree-3.4", "interval-tree"],
      },
      { clock: untimed },
    );
    const states = new Set(rows.map((row) => `${row.vmas} ${row.index}`));
    expect([...states]).toEqual([
      ...["1 prio-tree", "1 prio-tree-3.4", "1 interval-tree"],
      ...["4 prio-tree", "4 prio-tree-3.4", "4 interval-tree"],
    ]);
    expect(crossover.map(({ operation }) => operation)).toEqual([
      ...["stab", "page-referenced", "try-to-unmap", "rmap-walk"],
    ]);
  });

  test("leaves out the indexes that a suite has not", async () => {
    const { rows } = await runBench(
      { ...plan, suites: ["split", "file"], indexes: ["list", "prio-tree-3.4"] },
      { clock: untimed },
    );
    const measured = new Set(rows.map((row) => `${row.suite} ${row.index}`));
    expect([...measured]).toEqual(["split list", "file prio-tree-3.4"]);
  });

  test("tells its progress before each row and hands out each row", async () => {
    const progress: BenchProgress[] = [];
    const handed: BenchRow[] = [];
    const { rows } = await runBench(plan, {
      clock: untimed,
      onProgress: (at) => progress.push(at),
      onRow: (row) => handed.push(row),
    });
    expect(handed).toEqual(rows);
    expect(progress.map((at) => at.done)).toEqual(rows.map((_, i) => i));
    expect(new Set(progress.map((at) => at.total))).toEqual(new Set([rows.length]));
  });

  test("stops at a signal and says that rows are missing", async () => {
    const stop = new AbortController();
    const { rows, complete } = await runBench(plan, {
      clock: untimed,
      onRow: () => stop.abort(),
      signal: stop.signal,
    });
    expect(rows).toHaveLength(1);
    expect(complete).toBe(false);
  });
});
