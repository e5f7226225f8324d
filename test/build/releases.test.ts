// docs/releases.md says what the switches and the releases are: compared with what createKernel() accepts.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { presets, switches, type Switches } from "../../bindings/index.js";

const page = readFileSync(new URL("../../docs/releases.md", import.meta.url), "utf8");

/** Cells of all rows whose first is one name in code. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim().replaceAll("`", "")))
  .map(([, ...cells]) => cells);

test("the page names every switch with its values, from the oldest", () => {
  // Another table tells what a switch decides in a few words.
  const first = new Map([...rows].reverse().map((row) => [row[0] ?? "", row]));
  const told = rows.filter((row) => (row[0] ?? "") in switches && first.get(row[0] ?? "") === row);
  expect(told.map(([name, values = ""]) => [name, values.split(", ")])).toEqual(
    Object.entries(switches).map(([name, values]) => [name, [...values]]),
  );
});

test("the page names every release, with the switches that tell them apart", () => {
  const told = rows.filter(([name = ""]) => name in presets);
  expect(told.map((cells) => cells.slice(0, 5))).toEqual(
    Object.entries(presets).map(([name, preset]: [string, Switches]) => [
      name,
      preset.memcgStat,
      preset.swapToken,
      preset.fileIndex,
      preset.mremapOrder,
    ]),
  );
});
