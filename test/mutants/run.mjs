// Breaks the rules of the core on purpose, one at a time, and runs the tests against each: a rule whose
// break no test notices is not tested.
//
//   node test/mutants/run.mjs [WORD...]     only breaks whose group or rule has one of the words
//
// Exit status: 0 if every break is noticed, 1 if one is not, 2 if it can't be told.

import * as fs from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import Table from "cli-table3";
import { breaks as all } from "./breaks/index.mjs";
import {
  compileCore,
  ENDLESS,
  firstFailure,
  keepBuilds,
  makeSandbox,
  restoreBuilds,
} from "./sandbox.mjs";

/** Tests that a break which its own tests miss is given to: all that are quick and about the core. */
const REST = ["test/rmap", "test/api", "test/check", "test/scenario", "test/explore"];
/** So many tests may take that long together, in milliseconds, and are no judges of what does not end. */
const REST_PATIENCE_MS = 600_000;

const BUILDS = ["release", "checked", "explore"];

/** Something is wrong with the list of breaks, or with the tests before anything is broken. */
class NoVerdict extends Error {}

function select(words) {
  const breaks = words.length
    ? all.filter(({ group, rule }) => words.some((word) => `${group} ${rule}`.includes(word)))
    : all;
  if (breaks.length === 0) {
    throw new NoVerdict(`no break has any of these words: ${words.join(" ")}`);
  }
  return breaks;
}

/** The broken text of a break's file. */
function broken({ file, rule, from, to }) {
  const text = fs.readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const pieces = text.split(from);
  if (pieces.length === 2) return pieces.join(to);
  const places = pieces.length - 1;
  throw new NoVerdict(`${file} has ${places} places like that of "${rule}"; it must have one`);
}

/** A break whose tests are not there would be noticed by nothing, and count all the same. */
function requireTests(filters) {
  const files = fs
    .readdirSync(new URL("..", import.meta.url), { recursive: true })
    .map((name) => `test/${name}`)
    .filter((name) => name.endsWith(".test.ts"));
  for (const filter of new Set(filters)) {
    if (files.some((name) => name.includes(filter))) continue;
    throw new NoVerdict(`no test file has "${filter}" in its name`);
  }
}

/** Unbroken builds in every sandbox, against which the tests must pass. */
async function prepare(folders, filters, signal) {
  for (const folder of folders) {
    const complaint = await compileCore(folder, BUILDS, "", "");
    if (complaint) throw new NoVerdict(`the core does not compile:\n${complaint}`);
    keepBuilds(folder);
  }
  const failure = await firstFailure(folders[0], [...new Set(filters)], signal);
  if (failure) throw new NoVerdict(`the tests fail with nothing broken: ${failure}`);
}

/** The test that notices a break, "" if none does. */
async function trial(folder, { file, rule, tests, builds }, text, signal) {
  restoreBuilds(folder);
  const complaint = await compileCore(folder, builds, file, text);
  if (complaint) throw new NoVerdict(`"${rule}" does not compile:\n${complaint}`);
  const killer = await firstFailure(folder, tests, signal);
  if (killer) return killer;
  const late = await firstFailure(folder, REST, signal, REST_PATIENCE_MS);
  if (late === ENDLESS) throw new NoVerdict(`"${rule}": the tests beside its own do not end`);
  return late;
}

/** Killers of the breaks, in their order; those that were not tried when it was interrupted are missing. */
async function tryAll(breaks, signal) {
  const texts = breaks.map(broken);
  const filters = breaks.flatMap(({ tests }) => tests);
  requireTests([...filters, ...REST]);
  const workers = Math.min(availableParallelism(), breaks.length);
  const folders = Array.from({ length: workers }, (_, i) => makeSandbox(`worker-${i}`));
  const killers = new Array(breaks.length);
  let next = 0;
  let done = 0;
  const work = async (folder) => {
    for (let i = next++; i < breaks.length; i = next++) {
      killers[i] = await trial(folder, breaks[i], texts[i], signal);
      const { group, rule } = breaks[i];
      const state = killers[i] ? "killed  " : "SURVIVED";
      console.error(`${String(++done).padStart(3)}/${breaks.length} ${state} ${group}: ${rule}`);
    }
  };
  try {
    console.error(`${breaks.length} breaks; first the tests with nothing broken`);
    await prepare(folders, filters, signal);
    await Promise.all(folders.map(work));
  } catch (error) {
    if (!signal.aborted) throw error;
    console.error("mutants: interrupted");
  } finally {
    for (const folder of folders) fs.rmSync(dirname(folder), { recursive: true, force: true });
  }
  return killers;
}

function report(breaks, killers) {
  const table = new Table({
    head: ["group", "rule that is broken", "killed by"],
    colWidths: [12, 52, 64],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const [i, { group, rule }] of breaks.entries()) table.push([group, rule, killers[i] ?? "?"]);
  const killed = killers.filter(Boolean).length;
  console.log(table.toString());
  console.log(`${killed} of ${breaks.length} killed`);
  return killed === breaks.length ? 0 : 1;
}

const cancel = new AbortController();
process.once("SIGINT", () => cancel.abort());
process.once("SIGTERM", () => cancel.abort());
try {
  const breaks = select(process.argv.slice(2));
  process.exitCode = report(breaks, await tryAll(breaks, cancel.signal));
} catch (error) {
  if (!(error instanceof NoVerdict)) throw error;
  console.error(`mutants: ${error.message}`);
  process.exitCode = 2;
}
