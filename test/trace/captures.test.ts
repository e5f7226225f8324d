import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readCapture } from "../../bindings/trace/capture.js";
import { replay } from "../../bindings/trace/replay.js";
import type { ReplayResult } from "../../bindings/trace/replay.js";

const folder = fileURLToPath(new URL("../fixtures/traces/", import.meta.url));

/** What the recorder counted, independently. */
interface Recorded {
  calls: Record<string, number>;
  failed: Record<string, number>;
  peak_vmas: number;
  snapshots: { exit: number };
  faults: { total: number };
}

function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(`${folder}${name}.json`, "utf8")) as Recorded;
}

function replayFile(name: string, verify: boolean): Promise<ReplayResult> {
  const capture = readCapture({
    strace: `${folder}${name}.strace.gz`,
    faults: `${folder}${name}.faults.gz`,
    maps: `${folder}${name}.maps.gz`,
  });
  return replay(capture, { verify });
}

describe.each(["gcc-compile", "python-imports", "redis-bgsave", "shell-pipes", "vmasplit-16k"])(
  "the capture %s",
  (name) => {
    test("replays to its end with the live kernel's VMA lists and sound invariants", async () => {
      const { calls, failed, peak_vmas, snapshots, faults } = recorded(name);
      const result = await replayFile(name, true);
      expect(result.maps).toMatchObject({ differences: 0, details: [], skipped: 0 });
      expect(result.maps.snapshots).toBe(snapshots.exit);
      expect(result.maps.compared).toBeGreaterThan(0);
      expect(result.notReplayed).toEqual({});
      expect(result.refused).toEqual({ count: 0, details: [] });
      expect(result.violations).toEqual([]);
      expect(result.verified).toBeGreaterThan(snapshots.exit);
      expect(result.faults).toEqual({
        replayed: faults.total,
        signals: 0,
        strangers: 0,
        refused: {},
      });
      expect(result.assumed).toEqual({ ranges: 0, pages: 0 });
      const succeeded = Object.entries(calls).map(([call, count]) => [
        call,
        count - (failed[call] ?? 0),
      ]);
      expect(result.operations).toEqual(Object.fromEntries(succeeded));
      // The recorder counted vsyscall, which is no VMA.
      expect(result.peakVmas).toBe(peak_vmas - 1);
      expect(result.largest.vmas).toBeGreaterThanOrEqual(result.peakVmas);
      expect(result.largest.anonPages).toBeGreaterThan(0);
    }, 60_000);
  },
);

test("16,384 VMAs: a list is walked in full, a tree along one path", async () => {
  const { walks, largest, splits } = await replayFile("vmasplit-16k", false);
  const visits = (index: string) =>
    walks.find((walk) => walk.index === index && walk.operation === "rmap-walk")?.nodesVisited ?? 0;
  expect(splits).toBeGreaterThan(16_384);
  expect(visits("list")).toBeGreaterThan(largest.vmas * 0.95);
  expect(visits("interval-tree")).toBeLessThan(4 * Math.log2(largest.vmas));
}, 60_000);
