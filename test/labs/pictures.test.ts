import { describe, expect, test } from "vitest";
import { pictureOf } from "../../bindings/labs/default-picture.js";
import { labNamed } from "../../bindings/labs/index.js";
import { runLab } from "../../bindings/labs/runner.js";
import type { Lab } from "../../bindings/labs/lab.js";
import { sample } from "./sample.js";

async function pictured(lab: Lab) {
  return pictureOf(lab, await runLab(lab));
}

describe("the picture of a lab", () => {
  test.each(["memcg-stat", "notifier-calls", "late-invalidate"])(
    "%s is a sequence that goes wrong before, and does not after",
    async (name) => {
      const picture = await pictured(labNamed(name)!);
      if (picture?.kind !== "sequence") throw new Error(`it is ${picture?.kind}`);
      const wrong = picture.panels.map(
        ({ steps }) => steps.filter(({ isWrong }) => isWrong === true).length,
      );
      expect(wrong[0]).toBeGreaterThan(0);
      expect(wrong[1]).toBe(0);
      for (const { steps } of picture.panels) expect(steps).not.toEqual([]);
    },
  );

  test.each([
    ["file-index", [5, 15, 5], [9, 29, 7]],
    ["prio-pruning", [15, 5], [29, 9]],
  ] as const)("%s is what one search visits of each index", async (name, nodes, visits) => {
    const picture = await pictured(labNamed(name)!);
    if (picture?.kind !== "index") throw new Error(`it is ${picture?.kind}`);
    const counts = picture.panels.map((panel) => panel.nodes.map((node) => node.visits));
    expect(counts.map((one) => one.length)).toEqual(nodes.map(() => 32));
    expect(counts.map((one) => one.filter((n) => n > 0).length)).toEqual(nodes);
    expect(counts.map((one) => one.reduce((sum, n) => sum + n, 0))).toEqual(visits);
    for (const panel of picture.panels) {
      const roots = panel.nodes.filter(({ above }) => above === null);
      expect(roots.map(({ depth, visits }) => [depth, visits > 0])).toEqual([[0, true]]);
      for (const { above, depth, visits } of panel.nodes) {
        if (above === null) continue;
        const parent = panel.nodes[above];
        expect(parent?.depth).toBe(depth - 1);
        // A search comes to a node from above.
        if (visits > 0) expect(parent?.visits).toBeGreaterThan(0);
      }
    }
  });

  test.each(["page-evictable", "clear-mlock", "storage-key", "migration-mlock"])(
    "%s is a story of the same steps, in which something is wrong before, and nothing after",
    async (name) => {
      const picture = await pictured(labNamed(name)!);
      if (picture?.kind !== "states") throw new Error(`it is ${picture?.kind}`);
      const wrong = picture.panels.map(({ lanes }) => lanes.flatMap((lane) => lane.wrong).length);
      expect(wrong).toEqual([expect.toSatisfy((n: number) => n > 0), 0]);
      for (const { values } of picture.panels.flatMap(({ lanes }) => lanes)) {
        expect(values).toHaveLength(picture.steps.length);
      }
    },
  );

  test("a story's comments stand with their steps", async () => {
    const picture = await pictured(labNamed("clear-mlock")!);
    if (picture?.kind !== "states") throw new Error(`it is ${picture?.kind}`);
    expect(picture.steps).toContainEqual({
      words: "truncate F 0",
      note: "unmaps private copies too",
    });
    expect(picture.steps.at(-1)).toEqual({ words: "munmap A 0 1" });
  });

  test("machines that look the same and count otherwise: the way there, and the counts", async () => {
    const script =
      "file F 1 disk\nspawn A # a process\nmmap A 0 1 rw file:F:0 private\nwrite A 0 7\nmlock A 0 1\ntruncate F 0\n";
    const expected = { before: {}, after: {} };
    const scenario = { name: "cut", shows: "A cut.", script, expected, observe: () => ({}) };
    const { before, after } = labNamed("clear-mlock")!;
    const picture = await pictured({ ...sample, before, after, scenarios: [scenario] });
    if (picture?.kind !== "sequence") throw new Error(`it is ${picture?.kind}`);
    const steps = picture.panels[0]?.steps ?? [];
    expect(picture.title).toBe("They part at line 6, truncate F 0");
    expect(steps.map(({ actor }) => actor)).toEqual([
      ...Array.from({ length: 6 }, () => "script"),
      ...["before", "after"],
    ]);
    expect(steps[1]?.words).toBe("spawn A");
    expect(steps.at(-1)?.words).toContain("vmstat unevictable_pgs_mlockfreed: 0");
  });
});
