// A lab as a page of docs/commits/, in Markdown.

import { scriptText } from "../labs/script-run.js";
import { namesOf } from "../labs/judgement.js";
import type { LabRun, ScenarioRun } from "../labs/lab-run.js";
import type { Lab, Scenario, ScriptScenario } from "../labs/lab.js";
import { commits, lifetimes } from "../labs/commits.js";
import { KINDS } from "./lab-list.js";
import {
  diffCommand,
  kernelInWords,
  kernelsTold,
  meaningOf,
  originTold,
  paragraphs,
  scenarioVerdict,
  shownValues,
  switchTable,
} from "./lab-words.js";

const labsOfCommits = new Set(Object.values(commits).map(({ lab }) => lab));

/** What stands above every page: nobody should mend it by hand. */
const WRITTEN = "<!-- Written by `npm run docs:commits` from bindings/labs/. -->";

/** The page; its picture is the file NAME.svg beside it, if there is one. */
export function labPage(lab: Lab, run: LabRun, hasPicture: boolean): string {
  const { name, title, mutants } = lab;
  return [
    WRITTEN,
    `# ${name}: ${title}`,
    `${originTold(lab, code)}`,
    ...(hasPicture ? [`![${title}](${name}.svg)`] : []),
    "## The problem",
    ...markdown(lab.problem),
    `## Before: ${kernelInWords(lab, run.before, "before")}`,
    ...markdown(lab.beforeText),
    `## After: ${kernelInWords(lab, run.after, "after")}`,
    ...markdown(lab.afterText),
    "## The two kernels",
    escaped(kernelsTold(lab)),
    ...switches(lab),
    "[Releases and switches](../releases.md) says what each value decides.",
    "## What to run",
    fence("sh", [`rmaplab lab ${name}`]),
    "A script of your own on the same two kernels, step by step:",
    fence("sh", [diffCommand(lab).join(" \\\n  ")]),
    "## What to look for",
    ...markdown(lab.lookFor),
    "## What must hold",
    ...markdown(lab.invariant),
    "## The scenarios",
    ...run.scenarios.flatMap((found, i) => scenario(lab, lab.scenarios[i], found)),
    ...(mutants.length === 0
      ? []
      : [
          "## Mutants",
          "Each of these rules is broken in turn by `npm run mutants`, and a test notices it:",
          mutants.map((rule) => `- ${escaped(rule)}`).join("\n"),
        ]),
    "[All labs](README.md) · [glossary](../glossary.md) · [scripts](../script.md) · [releases](../releases.md)",
    "",
  ].join("\n\n");
}

function switches(lab: Lab): string[] {
  const found = switchTable(lab);
  if (found === null) return [];
  const { release } = found;
  const rows = found.rows.map(({ name, before, after, released, later }) => {
    const mark = before === after ? "" : "**";
    const link = labsOfCommits.has(later) ? `[${later}](${later}.md)` : later;
    const told = later === "" ? released : `${released}, with ${link}`;
    return [code(name), cell(before, mark), cell(after, mark), ...(release ? [told] : [])];
  });
  return [table(["switch", "before", "after", ...(release ? [release] : [])], rows)];
}

/** The list of all pages. */
export function labIndex(labs: readonly Lab[]): string {
  const rows = (kind: Lab["kind"]): string[][] =>
    labs
      .filter((lab) => lab.kind === kind)
      .map(({ name, commit, title }) => [
        `[${name}](${name}.md)`,
        commit === null ? (lifetimes[name]?.until ?? "") : code(commit),
        escaped(title),
      ]);
  return [
    WRITTEN,
    "# Ten commits, before and after",
    ...INTRODUCTION,
    `## ${KINDS.commit}`,
    table(["lab", "commit", "what it changed"], rows("commit")),
    `## ${KINDS.defect}`,
    "Some came with the commits above, some were there before. Each is compared with a kernel that does not have it: the later repair behind a switch, or what was there before.",
    table(["lab", "lasted", "what is wrong"], rows("defect")),
    "",
  ].join("\n\n");
}

const INTRODUCTION = [
  "The reverse map leads from a page of memory back to everybody who maps it. Between v3.4 and v3.7 ten commits changed how. Each page here is a lab: what was wrong, what the kernel did before and does after, a picture, and scenarios that run on both kernels side by side. Words that are new to you are in the [glossary](../glossary.md).",
  [
    "Where to begin:",
    "",
    "- **How are pages found at all?** [anon-index](anon-index.md): a list of thousands against a tree. Then [file-index](file-index.md), [prio-pruning](prio-pruning.md) and [ksm-walk](ksm-walk.md).",
    "- **How can a walk go wrong?** [mremap-order](mremap-order.md): a page that moves while somebody looks for it. Then [thp-move](thp-move.md) and [memcg-stat](memcg-stat.md), where two processes leave a count at -1.",
    "- **A small program with a wrong result:** [clear-mlock](clear-mlock.md), a script of nine lines; [storage-key](storage-key.md), which stops XFS; [migration-mlock](migration-mlock.md).",
    "- **What a refactoring must not change:** [page-evictable](page-evictable.md), compared over 100,000 random operations; [vma-address](vma-address.md), and the defect that it made visible, [hugetlb-units](hugetlb-units.md).",
    "- **Others who look on:** [notifier-calls](notifier-calls.md) and [late-invalidate](late-invalidate.md), with virtual machines and network cards.",
    "- **History:** [swap-token](swap-token.md), which was removed; [fork-chain](fork-chain.md) and [brk-lock](brk-lock.md), the price of the design.",
  ].join("\n"),
  "`rmaplab lab` lists the labs, `rmaplab lab NAME` runs one, and `rmaplab lab --all` runs them all ([the command](../commands.md#rmaplab-lab)). What each kernel is: [releases](../releases.md).",
];

function scenario(lab: Lab, source: Scenario | undefined, run: ScenarioRun): string[] {
  const { name, shows, before, after } = run;
  const rows = namesOf(before.observables, after.observables).map((observable) => {
    const [a, b] = shownValues(
      observable,
      before.observables[observable],
      after.observables[observable],
    );
    const mark = a === b ? "" : "**";
    const meaning = meaningOf(lab, observable);
    return [escaped(meaning), cell(a, mark), cell(b, mark), code(observable)];
  });
  return [
    `### ${name}`,
    ...markdown(shows),
    ...(source !== undefined && "script" in source ? [script(source, run)] : []),
    escaped(scenarioVerdict(lab, run, code)),
    table(["", "before", "after", "in JSON"], rows),
    ...shown(before.shown, after.shown),
  ];
}

/** The script, which runs as it is; a comment says where the sides part. */
function script(source: Scenario & ScriptScenario, { firstDifference }: ScenarioRun): string {
  const lines = scriptText(source).split("\n");
  const told = lines.map((line, i) => {
    if (firstDifference?.line !== i + 1) return line;
    const what = firstDifference.kind === "cost" ? "here they differ in cost" : "here they part";
    return `${line}  # ← ${what}`;
  });
  return fence("text", told);
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

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Names with underscores, pointers and bars as they are, but for what stands in backticks already. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/[\\*_<>[\]|#]/g, "\\$&")))
    .join("");
}
