// Breaks the rules of the core on purpose, one at a time, and runs the tests against each: a rule whose
// break no test notices is not tested.
//
//   node test/mutants/run.mjs [WORD...]         only breaks whose group or rule has one of the words
//   node test/mutants/run.mjs --equivalent      those of named.mjs that should change nothing
//
// Exit status: 0 if every break is noticed, and no equivalent is; 1 if not; 2 if it can't be told.

import * as fs from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import Table from "cli-table3";
import { breaks as all } from "./breaks/index.mjs";
import { compileBroken } from "./core.mjs";
import { equivalents } from "./named.mjs";
import { breakCore, makeSandbox } from "./sandbox.mjs";
import { testFiles } from "./test-files.mjs";
import { ENDLESS, Tester } from "./tester.mjs";

/** Tests that a break which its own tests miss is given to: all that are quick and about the core. */
const REST = ["test/rmap", "test/api", "test/check", "test/scenario", "test/explore"];
/** What takes so many times as long as with nothing broken, and so many milliseconds, is endless. */
const SLOWER = 10;
const PATIENCE_MS = 10_000;
/** So many tests may take that long together, in milliseconds, and are no judges of what does not end. */
const REST_PATIENCE_MS = 600_000;

/** Asks for equivalents, as its only word. */
const EQUIVALENT = "--equivalent";

function select(words) {
  if (words[0] === EQUIVALENT) return numbered(equivalents);
  const breaks = words.length
    ? all.filter(({ group, rule }) => words.some((word) => `${group} ${rule}`.includes(word)))
    : all;
  if (breaks.length === 0) throw new Error(`no break has any of these words: ${words.join(" ")}`);
  return numbered(breaks);
}

function numbered(breaks) {
  return breaks.map((one, number) => ({ ...one, number, files: testFiles(one.tests) }));
}

/** How long the tests take while nothing is broken, and they must pass: milliseconds of each file. */
async function measure(breaks, workers, core) {
  const files = [...new Set(breaks.flatMap((one) => one.files))];
  const share = async ({ folder, tester }, i) => {
    breakCore(folder, core);
    const own = files.filter((_, at) => at % workers.length === i);
    const { failure, times } = await tester.run(own, REST_PATIENCE_MS);
    if (failure) throw new Error(`the tests fail with nothing broken: ${failure}`);
    return times;
  };
  return new Map((await Promise.all(workers.map(share))).flat());
}

/** The test that notices a break, "" if none does. */
async function trial({ files, rule, number }, { folder, tester }, core, usual) {
  breakCore(folder, core, number);
  const time = files.reduce((sum, file) => sum + usual.get(file), 0);
  const patience = PATIENCE_MS + SLOWER * time;
  let { failure } = await tester.run(files, patience);
  // Something else may have kept the machine busy.
  if (failure === ENDLESS) ({ failure } = await tester.run(files, patience));
  if (failure) return failure;
  const rest = testFiles(REST).filter((file) => !files.includes(file));
  const late = await tester.run(rest, REST_PATIENCE_MS);
  if (late.failure === ENDLESS) throw new Error(`"${rule}": the tests beside its own do not end`);
  return late.failure;
}

/** Puts the killer of each break into `killers`, in the order of the breaks. */
async function tryAll(breaks, killers, home, signal) {
  console.error(`${breaks.length} breaks; first the tests with nothing broken`);
  const core = await compileBroken(join(home, "core"), breaks, signal);
  const workers = Array.from({ length: availableParallelism() }, (_, i) => {
    const folder = join(home, `worker-${i}`);
    makeSandbox(folder);
    return { folder, tester: new Tester(folder, signal) };
  });
  try {
    const usual = await measure(breaks, workers, core);
    const left = breaks.values();
    const work = async (worker) => {
      for (const one of left) {
        const killer = await trial(one, worker, core, usual);
        killers[one.number] = killer;
        const done = String(Object.keys(killers).length).padStart(3);
        const state = killer ? "killed  " : "SURVIVED";
        console.error(`${done}/${breaks.length} ${state} ${one.group}: ${one.rule}`);
      }
    };
    await Promise.all(workers.map(work));
  } finally {
    for (const { tester } of workers) tester.stop();
  }
}

/** @param wanted how many should have been killed */
function report(breaks, killers, wanted) {
  const table = new Table({
    head: ["group", "rule that is broken", "killed by"],
    colWidths: [12, 52, 64],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { group, rule, number } of breaks) table.push([group, rule, killers[number] ?? "?"]);
  const killed = killers.filter(Boolean).length;
  console.log(table.toString());
  console.log(`${killed} of ${breaks.length} killed`);
  return killed === wanted && Object.keys(killers).length === breaks.length ? 0 : 1;
}

const cancel = new AbortController();
process.once("SIGINT", () => cancel.abort());
process.once("SIGTERM", () => cancel.abort());
const home = fs.mkdtempSync(join(tmpdir(), "rmaplab-mutants-"));
try {
  const words = process.argv.slice(2);
  const breaks = select(words);
  const killers = [];
  await tryAll(breaks, killers, home, cancel.signal).catch((error) => {
    if (!cancel.signal.aborted) throw error;
    console.error("mutants: interrupted");
  });
  process.exitCode = report(breaks, killers, words[0] === EQUIVALENT ? 0 : breaks.length);
} catch (error) {
  console.error(`mutants: ${error.message}`);
  process.exitCode = 2;
} finally {
  fs.rmSync(home, { recursive: true, force: true });
}
