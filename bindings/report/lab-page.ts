// A lab as a page of docs/commits/, in Markdown.

import { scriptText } from "../labs/script-run.js";
import { namesOf } from "../labs/judgement.js";
import type { LabRun, ScenarioRun } from "../labs/lab-run.js";
import type { Lab, Scenario } from "../labs/lab.js";
import { differenceLine, kernelInWords, paragraphs, shownValue } from "./lab-view.js";

/** What stands above every page: nobody should mend it by hand. */
const WRITTEN = "<!-- Written by `npm run docs:commits` from bindings/labs/. -->";

/** The page; its picture is the file NAME.svg beside it, if there is one. */
export function labPage(lab: Lab, run: LabRun, hasPicture: boolean): string {
  const { name, commit, title, mutants } = lab;
  const origin = commit === null ? "A later defect of v3.7." : `Commit \`${commit}\`.`;
  return [
    WRITTEN,
    `# ${name}: ${title}`,
    origin,
    ...(hasPicture ? [`![${title}](${name}.svg)`] : []),
    "## The problem",
    ...markdown(lab.problem),
    `## Before: ${kernelInWords(run.before)}`,
    ...markdown(lab.beforeText),
    `## After: ${kernelInWords(run.after)}`,
    ...markdown(lab.afterText),
    "## What to run",
    fence("sh", [`rmaplab lab ${name}`]),
    "## What to look for",
    ...markdown(lab.lookFor),
    "## What must hold",
    ...markdown(lab.invariant),
    "## The scenarios",
    ...run.scenarios.flatMap((found, i) => scenario(lab.scenarios[i], found)),
    ...(mutants.length === 0
      ? []
      : [
          "## Mutants",
          "Each of these rules is broken in turn by `npm run mutants`, and a test notices it:",
          mutants.map((rule) => `- ${escaped(rule)}`).join("\n"),
        ]),
    "",
  ].join("\n\n");
}

/** The list of all pages. */
export function labIndex(labs: readonly Lab[]): string {
  const rows = (kind: Lab["kind"]): string[] =>
    labs
      .filter((lab) => lab.kind === kind)
      .map(({ name, commit, title }) => {
        const cells = [
          `[${name}](${name}.md)`,
          ...(commit ? [`\`${commit}\``] : []),
          escaped(title),
        ];
        return `| ${cells.join(" | ")} |`;
      });
  return [
    WRITTEN,
    "# Ten commits, before and after",
    "Each page is a lab: what was wrong, what the kernel did before and after, and what to run to see it. `rmaplab lab --all` runs them all.",
    ["| lab | commit | |", "| --- | --- | --- |", ...rows("commit")].join("\n"),
    "## Later defects of v3.7",
    ["| lab | |", "| --- | --- |", ...rows("defect")].join("\n"),
    "",
  ].join("\n\n");
}

function scenario(source: Scenario | undefined, run: ScenarioRun): string[] {
  const { name, shows, before, after, firstDifference } = run;
  const rows = namesOf(before.observables, after.observables).map((observable) => {
    const a = shownValue(before.observables[observable]);
    const b = shownValue(after.observables[observable]);
    const mark = a === b ? "" : "**";
    return `| ${observable} | ${cell(a, mark)} | ${cell(b, mark)} |`;
  });
  const script = source !== undefined && "script" in source ? scriptText(source) : null;
  return [
    `### ${name}`,
    ...markdown(shows),
    ...(script === null ? [] : [fence("text", script.split("\n"))]),
    firstDifference === null
      ? "The sides do not part."
      : `First difference: ${escaped(differenceLine(firstDifference))}.`,
    ["| observable | before | after |", "| --- | --- | --- |", ...rows].join("\n"),
    ...shown(before.shown, after.shown),
  ];
}

function shown(before: readonly string[], after: readonly string[]): string[] {
  if (before.join("\n") === after.join("\n"))
    return after.length === 0 ? [] : [fence("text", after)];
  return [
    ...(before.length === 0 ? [] : ["Before:", fence("text", before)]),
    ...(after.length === 0 ? [] : ["After:", fence("text", after)]),
  ];
}

function cell(value: string, mark: string): string {
  return `${mark}${escaped(value)}${mark}`;
}

function fence(language: string, lines: readonly string[]): string {
  return ["```" + language, ...lines, "```"].join("\n");
}

function markdown(text: string): string[] {
  return paragraphs(text).map(escaped);
}

/** Names with underscores, pointers and bars as they are, but for what stands in backticks already. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/[\\*_<>[\]|#]/g, "\\$&")))
    .join("");
}
