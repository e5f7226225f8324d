// Every break fits the sources: its text stands in its file exactly once, inside a function. What it takes to run them
// all is another matter: `npm run mutants`.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { labs } from "../../bindings/labs/index.js";
import { breaks } from "./breaks/index.mjs";
import { equivalents, named } from "./named.mjs";
import { placeOf } from "./place.mjs";

test("the text of each break stands in its file exactly once, inside a function, which it changes", () => {
  for (const one of [...breaks, ...equivalents]) {
    const text = readFileSync(new URL(`../../${one.file}`, import.meta.url), "utf8");
    const place = placeOf(text, one);
    expect(place.body, `${one.group}: ${one.rule}`).not.toBe(place.function.body?.getText());
  }
});

test("each rule is broken once", () => {
  const rules = breaks.map(({ group, rule }) => `${group}: ${rule}`);
  expect(rules.filter((rule, i) => rules.indexOf(rule) !== i)).toEqual([]);
});

test("each mutant that the commits' description names is broken, or equivalent for a reason", () => {
  const rules = new Set(breaks.map(({ rule }) => rule));
  const same = new Set(equivalents.map(({ rule }) => rule));
  for (const one of named) {
    const { lab, mutant, equivalent } = one;
    expect(one.breaks?.length ?? Number(equivalent !== undefined), mutant).toBeGreaterThan(0);
    expect(
      (one.breaks ?? []).filter((rule) => !rules.has(rule)),
      mutant,
    ).toEqual([]);
    if (equivalent !== undefined) expect(same, mutant).toContain(equivalent);
    expect(labs.map(({ name }) => name)).toContain(lab);
  }
  for (const { because } of equivalents) expect(because.length).toBeGreaterThan(100);
});

test("no lab is without one", () => {
  const missing = labs.filter(({ name }) => !named.some(({ lab }) => lab === name));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test("a rule's equivalent is none of its breaks", () => {
  const rules = new Set(breaks.map(({ rule }) => rule));
  expect(equivalents.filter(({ rule }) => rules.has(rule))).toEqual([]);
});
