// Every lab: that it passes, and that it is what the list of commits says.

import { describe, expect, test } from "vitest";
import { labs } from "../../bindings/labs/index.js";
import { differingObservables } from "../../bindings/labs/judgement.js";
import { runLab } from "../../bindings/labs/runner.js";
import { resolveSwitches } from "../../bindings/kernel/releases.js";
import { breaks } from "../mutants/breaks/index.mjs";

/** The ten commits by the name of their lab. */
const COMMITS: Readonly<Record<string, string>> = {
  "memcg-stat": "89c06bd52fb9",
  "swap-token": "e709ffd6169c",
  "file-index": "6b2dbba8b6ac",
  "mremap-order": "108d6642ad81",
  "anon-index": "bf181b9f9d8d",
  "vma-address": "86c2ad19956f",
  "page-evictable": "39b5f29ac1f9",
  "clear-mlock": "e6c509f85455",
  "notifier-calls": "2ec74c3ef2d8",
  "storage-key": "ef5d437f71af",
};
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CAMEL = /^[a-z][A-Za-z0-9]*$/;
const rules = new Set(breaks.map(({ rule }) => rule));

test("no two labs have the same name", () => {
  const names = labs.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe.each(labs.map((lab) => [lab.name, lab] as const))("the lab %s", (name, lab) => {
  test("is named, dated and made of kernels that there can be", () => {
    expect(name).toMatch(KEBAB);
    expect(lab.commit).toBe(lab.kind === "commit" ? COMMITS[name] : null);
    for (const { release, set } of [lab.before, lab.after]) {
      expect(() => resolveSwitches(release, set)).not.toThrow();
    }
    expect(lab.before).not.toEqual(lab.after);
  });

  test("names scenarios, observables and mutants by their rules", () => {
    const scenarios = lab.scenarios.map((scenario) => scenario.name);
    expect(scenarios).toEqual([...new Set(scenarios)]);
    expect(scenarios.filter((scenario) => !KEBAB.test(scenario))).toEqual([]);
    const observed = lab.scenarios.flatMap(({ expected }) => [
      ...Object.keys(expected.before),
      ...Object.keys(expected.after),
    ]);
    expect(observed.filter((observable) => !CAMEL.test(observable))).toEqual([]);
    expect(lab.mutants.filter((rule) => !rules.has(rule))).toEqual([]);
  });

  test("shows on both sides what is expected, and a difference between them", async () => {
    const run = await runLab(lab);
    expect(run.scenarios.flatMap(({ disappointments }) => disappointments)).toEqual([]);
    expect(run.pass).toBe(true);
    const parted = differingObservables(run.before.observables, run.after.observables);
    if (lab.sidesAgree) expect(parted).toEqual([]);
    else expect(parted).not.toEqual([]);
  });
});
