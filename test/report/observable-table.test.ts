import { expect, test } from "vitest";
import { type ObservableRow, observableTable } from "../../bindings/report/observable-table.js";
import { terminalFor } from "../../bindings/report/terminal.js";

function drawn(row: Partial<ObservableRow>, columns = 60): string[] {
  const whole = { meaning: "nodes visited", name: "visited", before: "8", after: "3", ...row };
  return observableTable([whole], terminalFor({ columns, color: false })).split("\n");
}

test("a row has what is observed and, at the right, its name", () => {
  expect(drawn({})).toEqual([
    "┌────────────────────────┬────────┬───────┬───┐",
    "│                        │ before │ after │   │",
    "├────────────────────────┼────────┼───────┼───┤",
    "│ nodes visited  visited │ 8      │ 3     │ ≠ │",
    "└────────────────────────┴────────┴───────┴───┘",
  ]);
});

test("what is equal has no mark, and what has no name none", () => {
  expect(drawn({ after: "8", name: "" })[3]).toBe("│ nodes visited │ 8      │ 8     │   │");
});

test("the name goes below what it names where both have no room in a line", () => {
  const lines = drawn({ meaning: "nodes visited by a walk for each", name: "visitedPerWalk" });
  expect(lines.slice(3, -1)).toEqual([
    "│ nodes visited by a walk for each    │ 8      │ 3     │ ≠ │",
    "│                      visitedPerWalk │        │       │   │",
  ]);
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([60]));
});

test("the name stands in the last line of a meaning that wraps, and long values wrap too", () => {
  const meaning = "nodes visited by a walk for each page of a mapping";
  const after = "huge page: split found other entries than map it";
  expect(drawn({ meaning, name: "ofEach", after }).slice(3, -1)).toEqual([
    "│ nodes visited by a   │ 8      │ huge page: split     │ ≠ │",
    "│ walk for each page   │        │ found other entries  │   │",
    "│ of a mapping  ofEach │        │ than map it          │   │",
  ]);
});

test("with colours, what differs is bold and names are dim", () => {
  const [, , , row] = observableTable(
    [{ meaning: "nodes", name: "visited", before: "8", after: "3" }],
    terminalFor({ columns: 80, color: true }),
  ).split("\n");
  expect(row).toContain("nodes  \x1b[2mvisited\x1b[0m │ \x1b[1m8     \x1b[0m │");
});
