// The README's table of headline numbers: each is an observable that its lab expects, and that a run must show.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { labNamed } from "../../bindings/labs/index.js";

const page = readFileSync(new URL("../../README.md", import.meta.url), "utf8");

const rows = page
  .split("\n")
  .map((line) => /^\| `lab ([a-z- ]+)` +\|[^|]+\|([^|]+)\|/.exec(line))
  .filter((match) => match !== null)
  .map(([, names = "", numbers = ""]) => ({ names: names.split(" "), numbers: numbers.trim() }));

test("the README has the headlines", () => {
  expect(rows.length).toBeGreaterThanOrEqual(11);
});

test.each(rows)("$names: $numbers", ({ names, numbers }) => {
  const scenarios = names.flatMap((name) => labNamed(name)?.scenarios ?? []);
  const told = new Set<unknown>();
  for (const { expected } of scenarios) {
    for (const side of [expected.before, expected.after]) {
      for (const value of Object.values(side)) told.add(value);
    }
  }
  const values = numbers.split(", ").map((text) => Number(text.replaceAll(",", "")));
  expect([...told]).toEqual(expect.arrayContaining(values));
});
