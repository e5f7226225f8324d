// A run of a script for people: per dump its processes with their VMAs, then its frames with the places
// that map them; at the end what the operations answered.

import type {
  Dump,
  DumpCgroup,
  DumpDocument,
  DumpOffsets,
  DumpPages,
  DumpProcess,
  DumpSwap,
  DumpDevice,
} from "../scenario/dump.js";
import { ZERO_FRAME } from "../scenario/dump.js";
import { outcomeInWords } from "../scenario/outcome.js";
import type { Script } from "../scenario/script.js";
import { counted } from "../scenario/wording.js";
import { frameRows, span } from "./frame-rows.js";
import { wrapWords } from "./line-wrap.js";
import { type ResultRow, resultLines } from "./run-results.js";

/** Where the view is shown. */
export interface ViewOptions {
  /** Width in characters; used between 60 and 120. */
  readonly columns: number;
  /** ANSI colours on or off. */
  readonly color: boolean;
  /** What is to be said beside the result of a line: see `noteOn`. */
  readonly notes?: ReadonlyMap<number, string>;
}

type Paint = (style: keyof typeof STYLES, text: string) => string;

const STYLES = { title: "1;36", name: "1", dim: "2", failed: "31" };
const LEGEND = [
  "flags: A anon, M mapped, K shared by KSM, L mlocked,",
  "       U unevictable, S swap-backed, R referenced, D dirty",
  "tags: lo locked, mg mergeable, ac accounted, nl nonlinear",
].join("\n");
const LEAST_COLUMNS = 60;
const MOST_COLUMNS = 120;

/** The whole view, with a newline at its end. */
export function renderRun(document: DumpDocument, script: Script, options: ViewOptions): string {
  const columns = Math.min(Math.max(options.columns, LEAST_COLUMNS), MOST_COLUMNS);
  const paint: Paint = (style, text) =>
    options.color ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
  const dumps = document.dumps.map((dump) => renderDump(dump, columns, paint));
  const results = renderResults(document, script, options.notes ?? new Map(), columns, paint);
  return [...dumps, results].join("\n");
}

function renderDump(dump: Dump, columns: number, paint: Paint): string {
  const lines = [renderTitle(`dump ${dump.label}`, columns, paint), ""];
  for (const process of dump.procs) lines.push(renderProcess(process, columns, paint), "");
  if (dump.procs.length === 0) lines.push("no living process", "");
  if (dump.frames.length > 0) lines.push(renderFrames(dump, columns, paint), "");
  const { memcgs = [] } = dump;
  if (memcgs.length > 0) lines.push(renderCgroups(memcgs, columns, paint), "");
  return lines.join("\n");
}

function renderTitle(title: string, columns: number, paint: Paint): string {
  return paint("title", `── ${title} `.padEnd(columns, "─"));
}

function renderProcess(process: DumpProcess, columns: number, paint: Paint): string {
  const { name, parent, vmas, pages, rss, locked, swap = [], offsets = [] } = process;
  const origin = parent === null ? "" : ` (child of ${parent})`;
  const counts = Object.entries({ ...rss, swap: pagesOf(swap), locked })
    .filter(([, pagesOfKind]) => pagesOfKind > 0)
    .map(([kind, pagesOfKind]) => `${kind} ${pagesOfKind}`);
  const memory = counts.length === 0 ? "no pages" : `pages: ${counts.join(", ")}`;
  if (vmas.length === 0)
    return `${paint("name", name)}${origin}  ${paint("dim", "nothing mapped")}`;
  const heading = `${paint("name", name)}${origin}  ${paint("dim", memory)}`;
  const runs = new RunsByPage(withSwap(zerosTogether(pages), swap));
  const away = new RunsByPage(offsets);
  const rows = vmas.map(([start, end, perms, file, pgoff, tags]) => [
    `${start}-${end}`,
    perms,
    file === null ? "anon" : `${file}:${pgoff}`,
    tags,
    [
      ...runs.within(start, end).map(runInWords),
      ...away.within(start, end).map((run) => offsetsInWords(run, file ?? "")),
    ].join("  "),
  ]);
  const head = ["VMA", "perms", "maps", "tags", "page→frame"];
  const beside = (process.devices ?? []).map((device) => deviceInWords(device, columns));
  return [heading, table(head, rows, columns, paint), ...beside.flat()].join("\n");
}

/** "D (kvm) shows 10→0 rw  11→1 r" */
function deviceInWords([name, model, shown]: DumpDevice, columns: number): string[] {
  const pages = shown.map(([page, frame, how]) => {
    return `${page}→${frame === ZERO_FRAME ? "zero" : frame} ${how}`;
  });
  const text = pages.length === 0 ? "nothing" : pages.join(", ");
  const [first = "", ...more] = wrapWords(`${name} (${model}) shows ${text}`, columns - 2);
  return [first, ...more.map((line) => `  ${line}`)];
}

function renderFrames(dump: Dump, columns: number, paint: Paint): string {
  const head = ["frame", "mapcount", "flags", "word", "mapped at (process page)"];
  return `${paint("name", "frames and their reverse map")}\n${table(head, frameRows(dump), columns, paint)}`;
}

/** What memory.stat has of each cgroup, but for what is 0. */
function renderCgroups(memcgs: readonly DumpCgroup[], columns: number, paint: Paint): string {
  const rows = memcgs.map(({ name, parent, limit, usage, failcnt, ...stat }) => [
    name,
    parent,
    `${limit ?? "none"}`,
    `${usage}`,
    `${failcnt}`,
    Object.entries(stat)
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${what} ${count}`)
      .join(", "),
  ]);
  const head = ["cgroup", "below", "limit", "usage", "failcnt", "memory.stat"];
  return `${paint("name", "memory cgroups")}\n${table(head, rows, columns, paint)}`;
}

/** What failed, and what gave a value or a count; the rest was 0. */
function renderResults(
  { results, kernel }: DumpDocument,
  script: Script,
  notes: ReadonlyMap<number, string>,
  columns: number,
  paint: Paint,
): string {
  const texts = new Map(script.operations.map(({ line, text }) => [line, text]));
  const failed = results.filter(([, , outcome]) => typeof outcome === "string").length;
  const keyed = kernel.split(" ").includes("arch=s390x");
  const rows: ResultRow[] = [];
  for (const [line, operation, outcome] of results) {
    const isFailure = typeof outcome === "string";
    const words = isFailure ? outcome : outcomeInWords(operation, outcome, keyed);
    if (words === null) continue;
    const note = notes.get(line);
    const said = note === undefined ? words : `${words}, ${note}`;
    rows.push({ line: `${line}`, text: texts.get(line) ?? "", words: said, isFailure });
  }
  const lines = [
    renderTitle(`${counted(results.length, "operation")}, ${failed} failed`, columns, paint),
    "",
    ...resultLines(rows, columns, paint),
    "",
    paint("dim", LEGEND),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * A table whose last column takes the width that is left, and wraps. Drawn here because cli-table3
 * was not done with 65,530 rows, the VMAs one process may have, after ten minutes.
 */
function table(head: string[], rows: string[][], columns: number, paint: Paint): string {
  const last = head.length - 1;
  const widths = head.map((title, i) =>
    rows.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), title.length),
  );
  // Each cell has a blank on both sides, and a border stands before each and at the end.
  const taken = widths.slice(0, last).reduce((sum, width) => sum + width + 3, 4);
  widths[last] = Math.min(widths[last] ?? 0, Math.max(columns - taken, head[last]?.length ?? 0));
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[], style?: keyof typeof STYLES): string => {
    const padded = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return `│ ${padded.map((cell) => (style ? paint(style, cell) : cell)).join(" │ ")} │`;
  };
  const lines = [rule("┌", "┬", "┐"), line(head, "dim"), rule("├", "┼", "┤")];
  for (const row of rows) {
    const [first = "", ...more] = wrap(row[last] ?? "", widths[last] ?? 0);
    lines.push(line([...row.slice(0, last), first]));
    for (const rest of more) lines.push(line([...row.slice(0, last).map(() => ""), rest]));
  }
  return [...lines, rule("└", "┴", "┘")].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/(?<=,) | {2}/)) {
    const line = lines.at(-1) ?? "";
    const separator = word.includes("→") ? "  " : " ";
    const longer = line === "" ? word : `${line}${separator}${word}`;
    if (longer.length <= width || line === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Runs of pages by address, cut to one VMA after another from left to right. */
class RunsByPage {
  #next = 0;

  constructor(private readonly runs: readonly DumpPages[]) {}

  /** The parts of runs in [start, end); must be asked for VMAs in address order. */
  within(start: number, end: number): DumpPages[] {
    const parts: DumpPages[] = [];
    for (let run = this.runs[this.#next]; run !== undefined; run = this.runs[this.#next]) {
      const [page, frame, count = 1] = run;
      if (page >= end) break;
      const from = Math.max(page, start);
      const to = Math.min(page + count, end);
      if (from < to) parts.push([from, frame < 0 ? frame : frame + from - page, to - from]);
      if (page + count > end) break;
      this.#next++;
    }
    return parts;
  }
}

function runInWords([page, frame, count = 1]: DumpPages): string {
  const place = frame < ZERO_FRAME ? `swap ${ZERO_FRAME - 1 - frame}` : span(frame, count);
  return `${span(page, count)}→${frame === ZERO_FRAME ? "zero" : place}`;
}

/** "12-13→F:6-7": pages that are not there, and which of the file they show. */
function offsetsInWords([page, pgoff, count = 1]: DumpOffsets, file: string): string {
  return `${span(page, count)}→${file}:${span(pgoff, count)}`;
}

function pagesOf(runs: readonly DumpSwap[]): number {
  return runs.reduce((sum, [, , count = 1]) => sum + count, 0);
}

/** Runs in memory and in swap by page; swap areas have the numbers below that of the zero page. */
function withSwap(runs: readonly DumpPages[], swap: readonly DumpSwap[]): readonly DumpPages[] {
  if (swap.length === 0) return runs;
  const away = swap.map(([page, area, n = 1]): DumpPages => [page, ZERO_FRAME - 1 - area, n]);
  return [...runs, ...away].sort(([a], [b]) => a - b);
}

/** Places of the zero page that follow each other as one: the document has them one by one. */
function zerosTogether(runs: readonly DumpPages[]): DumpPages[] {
  const folded: DumpPages[] = [];
  for (const run of runs) {
    const [page, frame] = run;
    const last = folded.at(-1);
    const count = last?.[2] ?? 1;
    if (frame === ZERO_FRAME && last?.[1] === ZERO_FRAME && last[0] + count === page) {
      folded[folded.length - 1] = [last[0], ZERO_FRAME, count + 1];
    } else {
      folded.push(run);
    }
  }
  return folded;
}
