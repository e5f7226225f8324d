// `rmaplab bench`: what a reverse-map walk costs, by the number of VMAs and by index.

import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { findCrossovers } from "../../bench/crossover.js";
import type { BenchDocument, BenchIndex, BenchRow, BenchSuite } from "../../bench/document.js";
import { fullEffort, quickEffort } from "../../bench/effort.js";
import { nodeMachine } from "../../bench/machine.js";
import { benchIndexes } from "../../bench/indexes.js";
import type { BenchPlan } from "../../bench/run.js";
import { workloads } from "../../bench/suites/index.js";
import { KernelError } from "../core/kernel-error.js";
import { benchText } from "../report/bench-tables.js";
import { formatCount, formatVmas } from "../report/numbers.js";
import { quoted } from "../scenario/line-error.js";
import { startProgress } from "./bench-progress.js";
import { InputError } from "./failure.js";
import { assertWritable } from "./output-file.js";
import { numberOption, wholeNumber } from "./whole-number.js";

const SUITES = Object.keys(workloads) as BenchSuite[];
const MAX_VMAS = 2 ** 20;
const MAX_SEED = 2 ** 32 - 1;
/** Stands for standard output where a file is asked for. */
const STDOUT = "-";

interface BenchFlags {
  readonly suite: BenchSuite | "all";
  readonly sizes?: readonly number[];
  readonly index?: readonly BenchIndex[];
  readonly quick: boolean;
  /** True without a file: standard output. */
  readonly json?: string | true;
  readonly html?: string;
  readonly seed: number;
}

/** Where the results go. The charts are loaded only if a report is asked for, and before it is time to write it. */
interface Outputs {
  readonly jsonOnStdout: boolean;
  readonly jsonFile: string | null;
  readonly html: {
    readonly file: string;
    readonly benchPage: (document: BenchDocument) => string;
  } | null;
}

/** The subcommand, for the entry to add. */
export function benchCommand(): Command {
  return new Command("bench")
    .summary("measure reverse-map walks on each index")
    .description(
      "Measures what it costs to find the VMAs that map a page, by the number of VMAs and by index: " +
        "the index alone, page_referenced, try_to_unmap, rmap_walk, and the split of a VMA. Prints " +
        "times, exact counts, the ratio at every size and where they cross (docs/benchmarks.md).",
    )
    .option("--suite <suite>", `${SUITES.join(", ")} or all`, parseSuite, "split")
    .option("--sizes <sizes>", "VMAs, as in 1,8,64,512; each suite has its own default", parseSizes)
    .option(
      "--index <indexes>",
      `${benchIndexes.join(",")}: one or several; default all that a suite has`,
      parseIndexes,
    )
    .option("--quick", "short measurements, at sizes up to 16,384", false)
    .option("--json [file]", "write all numbers as JSON; without a file to standard output, alone")
    .option("--html <file>", "write a report with charts: one file that needs nothing else")
    .option(
      "--seed <number>",
      "decides which pages are walked",
      numberOption("--seed", 0, MAX_SEED),
      1,
    )
    .action(bench);
}

async function bench(flags: BenchFlags): Promise<void> {
  const plan = planOf(flags);
  const outputs = await outputsOf(flags);

  // The stopwatch takes a while to load: nobody who asks for help or mistypes waits for it.
  const { benchClock, runBench } = await import("../../bench/run.js");

  const rows: BenchRow[] = [];
  const progress = startProgress(process.stderr);
  const interrupted = (): void => {
    progress.stop();
    process.stderr.write("rmaplab: interrupted; what was measured so far:\n");
    publish(documentOf(rows, plan, false), outputs);
  };
  process.once("SIGINT", interrupted);
  try {
    await runBench(plan, {
      clock: benchClock(plan.quick ? quickEffort : fullEffort),
      onProgress: (at) => progress.show(at),
      onRow: (row) => rows.push(row),
    });
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "ENOMEM") throw error;
    throw new InputError("--sizes: linear memory (at most 2 GiB) does not hold so many VMAs");
  } finally {
    process.off("SIGINT", interrupted);
    progress.stop();
  }
  publish(documentOf(rows, plan, true), outputs);
}

function planOf({ suite, sizes, index, quick, seed }: BenchFlags): BenchPlan {
  const suites = suite === "all" ? SUITES : [suite];
  for (const name of suites) {
    const { indexes, maxVmas } = workloads[name];
    const largest = Math.max(...(sizes ?? [1]));
    if (largest > maxVmas) {
      throw new InputError(
        `--sizes: suite ${name} takes at most ${formatVmas(maxVmas)}, not ${formatCount(largest)}`,
      );
    }
    const measurable = index === undefined || index.some((one) => indexes.includes(one));
    if (!measurable && suite !== "all") {
      throw new InputError(`--index: suite ${name} has only ${indexes.join(", ")}`);
    }
  }
  return {
    suites,
    quick,
    seed,
    ...(sizes === undefined ? {} : { sizes }),
    ...(index === undefined ? {} : { indexes: index }),
  };
}

function documentOf(rows: readonly BenchRow[], plan: BenchPlan, complete: boolean): BenchDocument {
  const command = ["rmaplab", ...process.argv.slice(2)].map(shellWord).join(" ");
  return {
    machine: nodeMachine(),
    run: { command, seed: plan.seed, quick: plan.quick, complete },
    rows,
    crossover: findCrossovers(rows),
  };
}

/** Where results go, looked at before anything is measured. */
async function outputsOf({ json, html }: BenchFlags): Promise<Outputs> {
  const jsonFile = typeof json === "string" && json !== STDOUT ? json : null;
  if (jsonFile !== null) assertWritable("--json", jsonFile);
  if (html !== undefined) assertWritable("--html", html);
  if (html !== undefined && jsonFile !== null && resolve(html) === resolve(jsonFile)) {
    throw new InputError(`--html: ${html} is the file of --json too; accepted: another file`);
  }
  return {
    jsonOnStdout: json !== undefined && jsonFile === null,
    jsonFile,
    html: html === undefined ? null : { file: html, ...(await import("../report/bench-html.js")) },
  };
}

/** Writes what was asked for, at once: an interrupt leaves no time for more. */
function publish(document: BenchDocument, { jsonOnStdout, jsonFile, html }: Outputs): void {
  const text = `${JSON.stringify(document, null, 2)}\n`;
  process.stdout.write(jsonOnStdout ? text : `${benchText(document)}\n`);
  const messages = jsonOnStdout ? process.stderr : process.stdout;
  if (jsonFile !== null) {
    writeFileSync(jsonFile, text);
    messages.write(`\nNumbers: ${resolve(jsonFile)}\n`);
  }
  if (html !== null) {
    writeFileSync(html.file, html.benchPage(document));
    messages.write(`\nReport: ${resolve(html.file)}\n`);
  }
}

function parseSuite(text: string): BenchSuite | "all" {
  const suite = [...SUITES, "all" as const].find((name) => name === text);
  if (suite !== undefined) return suite;
  throw new InputError(`--suite: unknown ${quoted(text)}; accepted: ${SUITES.join(", ")}, all`);
}

function parseSizes(text: string): number[] {
  const sizes = text.split(",").map((part) => wholeNumber(part, 1, MAX_VMAS));
  if (sizes.some((size) => size === null)) {
    throw new InputError(
      `--sizes: ${quoted(text)}; accepted: whole numbers from 1 to ${formatCount(MAX_VMAS)}, as in 1,8,64`,
    );
  }
  return [...new Set(sizes as number[])].sort((a, b) => a - b);
}

function parseIndexes(text: string): BenchIndex[] {
  const names = text.split(",");
  const unknown = names.find((name) => !benchIndexes.some((index) => index === name));
  if (unknown !== undefined) {
    throw new InputError(
      `--index: unknown ${quoted(unknown)}; accepted: ${benchIndexes.join(", ")}`,
    );
  }
  return benchIndexes.filter((index) => names.includes(index));
}

/** Quoted for a shell where that is needed. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
