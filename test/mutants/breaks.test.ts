// Every break fits the sources: its text stands in its file exactly once, inside a function. What it takes to run them
// all is another matter: `npm run mutants`.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { breaks } from "./breaks/index.mjs";
import { placeOf } from "./place.mjs";

test("the text of each break stands in its file exactly once, inside a function, which it changes", () => {
  for (const one of breaks) {
    const text = readFileSync(new URL(`../../${one.file}`, import.meta.url), "utf8");
    const place = placeOf(text, one);
    expect(place.body, `${one.group}: ${one.rule}`).not.toBe(place.function.body?.getText());
  }
});

test("each rule is broken once", () => {
  const rules = breaks.map(({ group, rule }) => `${group}: ${rule}`);
  expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
});
