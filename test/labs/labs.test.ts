// Every lab: that it passes, and that it is what the list of commits says.

import { describe, expect, test } from "vitest";
import { commits, lifetimes } from "../../bindings/labs/commits.js";
import { labs } from "../../bindings/labs/index.js";
import { differingObservables } from "../../bindings/labs/judgement.js";
import { runLab } from "../../bindings/labs/runner.js";
import { resolveSwitches } from "../../bindings/kernel/releases.js";
import { breaks } from "../mutants/breaks/index.mjs";

const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const CAMEL = /^[a-z][A-Za-z0-9]*$/;
const rules = new Set(breaks.map(({ rule }) => rule));

/** Longest phrase for an observable: more would be a second sentence. */
const LONGEST_MEANING = 72;

test("there are the ten commits, from the oldest, and then the defects, and each is told of", () => {
  const [ten, rest] = [labs.slice(0, 10), labs.slice(10)];
  expect(ten.map(({ name, commit }) => [commit, name])).toEqual([
    ["89c06bd52fb9", "memcg-stat"],
    ["e709ffd6169c", "swap-token"],
    ["6b2dbba8b6ac", "file-index"],
    ["108d6642ad81", "mremap-order"],
    ["bf181b9f9d8d", "anon-index"],
    ["86c2ad19956f", "vma-address"],
    ["39b5f29ac1f9", "page-evictable"],
    ["e6c509f85455", "clear-mlock"],
    ["2ec74c3ef2d8", "notifier-calls"],
    ["ef5d437f71af", "storage-key"],
  ]);
  for (const { name, commit } of ten) expect(commits[commit ?? ""]?.lab).toBe(name);
  expect(Object.keys(commits)).toHaveLength(10);
  expect(Object.keys(lifetimes).sort()).toEqual(rest.map(({ name }) => name).sort());
});

test("no two labs have the same name", () => {
  const names = labs.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

describe.each(labs.map((lab) => [lab.name, lab] as const))("the lab %s", (name, lab) => {
  test("is named, dated and made of kernels that there can be", () => {
    expect(name).toMatch(KEBAB);
    expect(lab.commit === null).toBe(lab.kind === "defect");
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

  test("says of each observable what it is, in a phrase, and of nothing else", () => {
    const { meanings } = lab;
    const observed = lab.scenarios.flatMap(({ expected }) => [
      ...Object.keys(expected.before),
      ...Object.keys(expected.after),
    ]);
    // What the runner itself observes is explained there.
    const own = new Set(observed.filter((name) => name !== "assertion"));
    const told = Object.keys(meanings).filter((name) => name !== "assertion");
    expect(told.sort()).toEqual([...own].sort());
    for (const phrase of Object.values(meanings)) {
      expect(phrase).toMatch(/^[^.].*[^.]$/);
      expect(phrase.length).toBeLessThanOrEqual(LONGEST_MEANING);
    }
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
