// What is said of labs in sentences, for terminals and for pages.

import { commits, lifetimes } from "../labs/commits.js";
import { type KernelState, switchesOfBoth } from "../labs/history.js";
import { differingObservables } from "../labs/judgement.js";
import type { Disappointment, FirstDifference, LabRun, ScenarioRun } from "../labs/lab-run.js";
import type { Lab, Observables } from "../labs/lab.js";
import { formatCount } from "./numbers.js";

/** How a name, or a line of a script, stands in a sentence. */
export type Quote = (text: string) => string;

const plain: Quote = (text) => text;
const upToTwoDecimals = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** What the runner itself observes, in any lab. */
const ASSERTION = "the assertion with which this kernel stopped";

/** What an observable is, for people; its name, if its lab does not say. */
export function meaningOf({ meanings }: Pick<Lab, "meanings">, observable: string): string {
  return meanings?.[observable] ?? (observable === "assertion" ? ASSERTION : observable);
}

/** A commit's subject line, and when it came; of a defect, how long it lasted. */
export function originTold({ name, commit }: Lab, quote: Quote = plain): string {
  const found = commit === null ? undefined : commits[commit];
  if (commit === null || found === undefined) return lifetimes[name]?.told ?? "A later defect.";
  const { subject, release, date } = found;
  return `Commit ${quote(commit)} of ${release}, ${date}: ${quote(subject)}`;
}

/** An observable's value as it is shown. */
export function shownValue(value: number | string | boolean | null | undefined): string {
  if (typeof value === "number") {
    return Number.isInteger(value) ? formatCount(value) : upToTwoDecimals.format(value);
  }
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value ?? "–";
}

/** An observable's value on both sides; who stopped with no assertion had none. */
export function shownValues(
  observable: string,
  before: Observables[string] | null | undefined,
  after: Observables[string] | null | undefined,
): readonly [before: string, after: string] {
  const shown = (value: Observables[string] | null | undefined): string =>
    observable === "assertion" && (value ?? null) === null ? "none" : shownValue(value);
  return [shown(before), shown(after)];
}

/** A text's paragraphs, each on one line. */
export function paragraphs(text: string): string[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((one) => one.replaceAll(/\s+/g, " ").trim());
}

/** One kernel of a lab: a release, or where it is on the way to one, or a release and what it has otherwise. */
export function kernelInWords({ kind }: Pick<Lab, "kind">, state: KernelState, side: Side): string {
  const { release, set } = state;
  const others = Object.entries(set).map(([name, value]) => `${name} ${value}`);
  if (others.length === 0) return release;
  if (kind === "defect") return `${release} with ${others.join(", ")}`;
  return `on the way to ${release}, ${side === "before" ? "without" : "with"} this commit`;
}

type Side = "before" | "after";

/** Which two kernels a lab compares, and in what they differ. */
export function kernelsTold({ kind, before, after }: Lab): string {
  const differing = switchesOfBoth(before, after).filter((row) => row.before !== row.after);
  const [only] = differing;
  const difference =
    differing.length === 1 && only !== undefined
      ? `They differ in one switch, ${only.name}: ${only.before} before, ${only.after} after.`
      : `They differ in ${differing.length} switches:`;
  if (kind === "defect") return `Both kernels are ${after.release}. ${difference}`;
  return `${commitKernelsTold(before, after)} ${difference}`;
}

function commitKernelsTold(before: KernelState, after: KernelState): string {
  const middle = (release: string): string => `the middle of the work on ${release}`;
  const [beforeIsReleased, afterIsReleased] = [before, after].map(
    ({ set }) => Object.keys(set).length === 0,
  );
  if (beforeIsReleased && afterIsReleased)
    return `Before is ${before.release}, after is ${after.release}.`;
  if (afterIsReleased) {
    return `Before is the kernel just before this commit, in ${middle(before.release)}; after is ${after.release}.`;
  }
  if (beforeIsReleased) {
    return (
      `Before is ${before.release}. After is the kernel just after this commit, in ${middle(after.release)}, ` +
      "without what came later in that release."
    );
  }
  return (
    `Both kernels are from ${middle(after.release)}: just before this commit, and just after it. ` +
    "What came later in that release is in neither."
  );
}

/** Switches of both kernels, where there is more than one to tell of. */
export interface SwitchTable {
  /** The release that the kernels are on the way to, if it has some of the switches otherwise. */
  readonly release: string | null;
  readonly rows: readonly {
    readonly name: string;
    readonly before: string;
    readonly after: string;
    readonly released: string;
    /** The commit that comes later in the release: its lab, or itself. */
    readonly later: string;
  }[];
}

/** The switches in which the kernels of a lab differ from each other, and from the release on the way to which they are. */
export function switchTable({ kind, before, after }: Lab): SwitchTable | null {
  const found = switchesOfBoth(before, after);
  const isOnItsWay = kind === "commit" && found.some(({ released }) => released !== null);
  if (found.length < 2 && !isOnItsWay) return null;
  const rows = found.map((row) => ({
    ...{ name: row.name, before: row.before, after: row.after },
    released: row.released ?? row.after,
    later: row.later === null ? "" : (commits[row.later]?.lab ?? row.later),
  }));
  return { release: kind === "commit" ? after.release : null, rows };
}

/** The command that runs any script on the two kernels of a lab, in its parts: one for each side. */
export function diffCommand({ before, after }: Lab): string[] {
  const side = (letter: string, { release, set }: KernelState): string =>
    [
      `--${letter} ${release}`,
      ...Object.entries(set).map(([name, value]) => `--set-${letter} ${name}=${value}`),
    ].join(" ");
  return ["rmaplab diff SCRIPT", side("a", before), side("b", after)];
}

/** Where the sides of a scenario part, or that they don't: a sentence or two. */
export function scenarioVerdict(lab: Lab, run: ScenarioRun, quote: Quote = plain): string {
  const { firstDifference: found, moment, before, after } = run;
  if (found === null) {
    return moment === null
      ? "Both sides show the same."
      : "Both sides are the same after every step, and at the same cost.";
  }
  const values = valuesOf(found);
  if (found.line === null) return `They differ in ${named(lab, found.what)} ${values}.`;
  const same = differingObservables(before.observables, after.observables).length === 0;
  const step = `line ${found.line}, ${quote(found.operation ?? "")}`;
  if (found.kind === "cost") {
    const shown = same ? "Both sides show the same" : "After every step both machines are the same";
    return `${shown}; only what it costs differs, first at ${step}: ${found.what}, ${values}.`;
  }
  const what = found.kind === "result" ? "its result" : found.what.replace(": ", ", ");
  const end = same ? " In the end both show the same." : "";
  return `They part at ${step}, in ${what}: ${values}.${end}`;
}

/** What tells the sides of a lab apart, in a line. */
export function labDifference(lab: Lab, run: LabRun): string {
  const { firstDifference: found } = run;
  if (found === null) return "no difference";
  const scenario = run.scenarios.find(({ name }) => name === found.scenario);
  const { line, operation, kind } = found;
  if (line !== null && (kind === "result" || kind === "state")) {
    const what = kind === "result" ? "result" : found.what.replace(": ", ", ");
    return `${found.scenario}, line ${line}, ${operation}: ${what}: ${valuesOf(found)}`;
  }
  const [what] = scenario
    ? differingObservables(scenario.before.observables, scenario.after.observables)
    : [];
  if (scenario === undefined || what === undefined) {
    return `${found.scenario}: at other cost, ${found.what}: ${valuesOf(found)}`;
  }
  const { before, after } = scenario;
  const [a, b] = shownValues(what, before.observables[what], after.observables[what]);
  return `${found.scenario}: ${named(lab, what)} ${a} before, ${b} after`;
}

/** "nodes visited:", "may it be reclaimed?" */
function named(lab: Lab, observable: string): string {
  const meaning = meaningOf(lab, observable);
  return meaning.endsWith("?") ? meaning : `${meaning}:`;
}

function valuesOf(found: FirstDifference): string {
  const { before, after, differences } = found;
  const aside = [...flagsTold(found), ...(differences > 1 ? [`and ${differences - 1} more`] : [])];
  const more = aside.length > 0 ? ` (${aside.join(", ")})` : "";
  const [a, b] = shownValues(found.what, before, after);
  return `${a} before, ${b} after${more}`;
}

/** What the letters are in which two frames' flags differ. */
function flagsTold({ what, before, after }: FirstDifference): string[] {
  if (!what.endsWith("flags")) return [];
  const [a, b] = [`${before}`, `${after}`];
  return Object.entries(FLAGS)
    .filter(([letter]) => a.includes(letter) !== b.includes(letter))
    .map(([letter, word]) => `${letter}: ${word}`);
}

/** Of a frame in a dump: docs/script.md. */
const FLAGS = {
  A: "anonymous",
  M: "mapped",
  K: "shared by KSM",
  L: "mlocked",
  U: "unevictable",
  S: "swap-backed",
  R: "referenced",
  D: "dirty",
};

/** What failed an expectation, in a line each. */
export function disappointmentLines(lab: Lab, { scenarios }: LabRun): string[] {
  return scenarios.flatMap(({ name, disappointments }) =>
    disappointments.map((one) => `${name}: ${disappointmentInWords(lab, one)}`),
  );
}

function disappointmentInWords(
  lab: Lab,
  { side, observable, expected, found }: Disappointment,
): string {
  const meaning = lab.meanings?.[observable];
  const what = meaning === undefined ? observable : `${observable} (${meaning})`;
  if (expected === undefined)
    return `${what} is ${shownValue(found)} ${side}, and nothing is expected`;
  const seen = found === undefined ? "was not observed" : `is ${shownValue(found)}`;
  return `${what} ${seen} ${side}, expected ${shownValue(expected)}`;
}
