// Labs in lists, for a terminal: all that there are, and a line for each that has run.

import { lifetimes } from "../labs/commits.js";
import type { LabRun } from "../labs/lab-run.js";
import type { Lab } from "../labs/lab.js";
import { labDifference } from "./lab-words.js";
import { wrapWords } from "./line-wrap.js";
import { terminalFor, type Terminal, type TerminalOptions } from "./terminal.js";

/** Between columns. */
const GAP = 2;
const COMMIT_DIGITS = 12;

/** What stands above the labs of each kind. */
export const KINDS: Readonly<Record<Lab["kind"], string>> = {
  commit: "The ten commits, from the oldest",
  defect: "Defects and costs of v3.4 to v3.7, and until when",
};

/** The labs by kind: each with its commit, or how long the defect lasted, and its title. */
export function renderLabs(labs: readonly Lab[], options: TerminalOptions): string {
  const terminal = terminalFor(options);
  const width = labs.reduce((most, { name }) => Math.max(most, name.length), 0);
  const groups = (["commit", "defect"] as const).map((kind) => {
    const lines = labs
      .filter((lab) => lab.kind === kind)
      .flatMap(({ name, commit, title }) => {
        const origin = commit ?? lifetimes[name]?.until ?? "";
        const head = `${name.padEnd(width)}  ${origin.padEnd(COMMIT_DIGITS)}`;
        return hanging(head, title, terminal).map((line) => `${line}\n`);
      });
    return lines.length === 0 ? "" : `${terminal.paint("name", KINDS[kind])}\n${lines.join("")}`;
  });
  const called = "rmaplab lab NAME runs one, rmaplab lab --all runs them all.\n";
  return [...groups.filter((group) => group !== ""), called].join("\n");
}

/** A lab's lines in a run of many, without a newline at the end: the verdict, and where its sides part. */
export function labLine(lab: Lab, run: LabRun, width: number, options: TerminalOptions): string {
  const terminal = terminalFor(options);
  const verdict = run.pass ? terminal.paint("good", "pass") : terminal.paint("failed", "FAIL");
  const head = `pass  ${lab.name.padEnd(width)}`;
  const lines = hanging(head, labDifference(lab, run), terminal);
  return lines.join("\n").replace("pass", verdict);
}

/** A head, and beside it a text in as many lines as it needs. */
function hanging(head: string, text: string, { columns }: Terminal): string[] {
  const indent = " ".repeat(head.length + GAP);
  return wrapWords(text, Math.max(columns - indent.length, 1)).map((line, i) =>
    i === 0 ? `${head}${" ".repeat(GAP)}${line}` : `${indent}${line}`,
  );
}
