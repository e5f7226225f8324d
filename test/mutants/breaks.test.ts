// Every break fits the sources: its text stands in its file exactly once. What it takes to run them all is another
// matter: `npm run mutants`.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { breaks } from "./breaks/index.mjs";

function source(file: string): string {
  return readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
}

test("the text of each break stands in its file exactly once, and what is to stand there is another", () => {
  const unfit = breaks.filter(
    ({ file, from, to }) => from === to || source(file).split(from).length !== 2,
  );
  expect(unfit.map(({ group, rule, file }) => `${group}: ${rule} (${file})`)).toEqual([]);
});

test("each rule is broken once", () => {
  const rules = breaks.map(({ group, rule }) => `${group}: ${rule}`);
  expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
});
