// What the lab anon-index says that walks of a split mapping cost, counted again by a naive search of the tree's shape.

import { expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { at } from "../../bindings/labs/ground.js";
import { anonIndex } from "../../bindings/labs/anon-index.js";
import type { Observables } from "../../bindings/labs/lab.js";
import { split } from "../../bindings/labs/split-mapping.js";
import { RawMachine } from "../check/raw-machine.js";
import { intervalShape, searchIntervals } from "./interval-search.js";

const MANY = 20_000;
const { release, set } = anonIndex.after;

function expected(scenario: string): Observables {
  return anonIndex.scenarios.find(({ name }) => name === scenario)?.expected.after ?? {};
}

/** Means of naive searches for every so manieth page, and the visits of one for the page in the middle. */
async function naive(vmas: number, every: number) {
  const [kernel, process] = await split(
    (options) => createKernel({ ...options, release, ...set }),
    vmas,
  );
  const raw = new RawMachine(kernel);
  const tree = intervalShape(raw, raw.anonVma(process, at(0)).get("head"));
  // Offsets of anonymous pages begin where their mapping does.
  const base = process.vmas()[0]?.pgoff ?? 0;
  kernel.dispose();
  let [walks, visited, touched, referenced] = [0, 0, 0, 0];
  for (let page = 0; page < vmas; page += every) {
    const search = searchIntervals(tree, base + page, base + page);
    expect(search.found.map(({ first }) => first)).toEqual([base + page]);
    walks++;
    visited += search.visited.length;
    touched += search.touched;
    referenced += search.visited.indexOf(search.found[0]!) + 1;
  }
  const mean = (sum: number): number => Math.round((sum / walks) * 100) / 100;
  const middle = searchIntervals(tree, base + vmas / 2, base + vmas / 2).visited.length;
  return { visited, touched, middle, means: [visited, touched, referenced].map(mean) };
}

test("walks among 20,000 VMAs cost what naive searches cost", async () => {
  const { means, middle } = await naive(MANY, 100);
  const told = expected("visits");
  const { visitedPerWalk, touchedPerWalk, visitedPerPageReferenced } = told;
  expect(means).toEqual([visitedPerWalk, touchedPerWalk, visitedPerPageReferenced]);
  expect(middle).toBe(expected("mutex-hold")["nodesUnderMutex"]);
});

test("walks of a few VMAs cost what naive searches cost, and less than a list from where the lab says", async () => {
  const told = expected("sizes");
  const [visitsFewer, touchesFewer] = [[] as number[], [] as number[]];
  for (let vmas = 1; vmas <= 64; vmas++) {
    const { visited, touched, means } = await naive(vmas, 1);
    if (Object.hasOwn(told, `visitedOf${vmas}`)) expect(means[0]).toBe(told[`visitedOf${vmas}`]);
    if (visited < vmas * vmas) visitsFewer.push(vmas);
    if (touched < vmas * vmas) touchesFewer.push(vmas);
  }
  const { visitsFewerFrom, touchesFewerFrom } = expected("crossover");
  expect([visitsFewer[0], touchesFewer[0]]).toEqual([visitsFewerFrom, touchesFewerFrom]);
  expect([visitsFewer.length, touchesFewer.length]).toEqual([62, 60]);
});
