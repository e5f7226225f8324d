// Breaks the rules of the core on purpose, one at a time, and runs the tests against each: a rule whose
// break no test notices is not tested.
//
//   node test/mutants/run.mjs [WORD...]     only breaks whose group or rule has one of the words
//
// Exit status: 0 if every break is noticed, 1 if one is not, 2 if a break can't be made.

import * as fs from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import Table from "cli-table3";
import { breaks as all } from "./breaks/index.mjs";
import { compileCore, firstFailure, keepBuilds, makeSandbox, restoreBuilds } from "./sandbox.mjs";

/** Tests that a break which its own tests miss is given to: all that are quick and about the core. */
const REST = [
  "test/rmap",
  "test/api",
  "test/check",
  "test/scenario",
  "test/explore",
  "test/property",
];

const BUILDS = ["release", "checked", "explore"];

const words = process.argv.slice(2);
const breaks = words.length
  ? all.filter(({ group, rule }) => words.some((word) => `${group} ${rule}`.includes(word)))
  : all;

function giveUp(message) {
  console.error(`mutants: ${message}`);
  process.exit(2);
}

/** The broken text of a break's file. */
function broken({ file, rule, from, to }) {
  const text = fs.readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const pieces = text.split(from);
  if (pieces.length !== 2) {
    giveUp(`${file} has ${pieces.length - 1} places like that of "${rule}"; it must have one`);
  }
  return pieces.join(to);
}

const texts = breaks.map(broken);
const workers = Math.min(availableParallelism(), breaks.length);
if (workers === 0) giveUp(`no break has any of these words: ${words.join(" ")}`);
const folders = Array.from({ length: workers }, (_, i) => makeSandbox(`worker-${i}`));
const cancel = new AbortController();
process.once("SIGINT", () => cancel.abort());
process.once("SIGTERM", () => cancel.abort());

async function trial(folder, i) {
  const { file, tests, builds } = breaks[i];
  restoreBuilds(folder);
  const complaint = await compileCore(folder, builds, file, texts[i]);
  if (complaint) giveUp(`"${breaks[i].rule}" does not compile:\n${complaint}`);
  const near = await firstFailure(folder, tests, cancel.signal);
  return near || (await firstFailure(folder, REST, cancel.signal));
}

async function sound() {
  for (const folder of folders) {
    const complaint = await compileCore(folder, BUILDS, "", "");
    if (complaint) giveUp(`the core does not compile:\n${complaint}`);
    keepBuilds(folder);
  }
  const files = [...new Set(breaks.flatMap(({ tests }) => tests))];
  const failure = await firstFailure(folders[0], files, cancel.signal);
  if (failure) giveUp(`the tests fail with nothing broken: ${failure}`);
}

const killers = new Array(breaks.length);
try {
  console.error(`${breaks.length} breaks; first the tests with nothing broken`);
  await sound();
  let next = 0;
  let done = 0;
  const work = async (folder) => {
    for (let i = next++; i < breaks.length; i = next++) {
      killers[i] = await trial(folder, i);
      const { group, rule } = breaks[i];
      const state = killers[i] ? "killed  " : "SURVIVED";
      console.error(`${String(++done).padStart(3)}/${breaks.length} ${state} ${group}: ${rule}`);
    }
  };
  await Promise.all(folders.map(work));
} catch (error) {
  if (!cancel.signal.aborted) throw error;
  console.error("mutants: interrupted");
} finally {
  for (const folder of folders) fs.rmSync(dirname(folder), { recursive: true, force: true });
}

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
process.exitCode = killed === breaks.length ? 0 : 1;
