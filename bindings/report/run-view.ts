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
import { boxTable } from "./box-table.js";
import { frameRows, span } from "./frame-rows.js";
import { wrapWords } from "./line-wrap.js";
import { type ResultRow, resultLines } from "./run-results.js";
import { type Terminal, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";

/** Where the view is shown, and with what. */
export interface ViewOptions extends TerminalOptions {
  /** What is to be said beside the result of a line: see `noteOn`. */
  readonly notes?: ReadonlyMap<number, string>;
}

const LEGEND = [
  "flags: A anon, M mapped, K shared by KSM, L mlocked,",
  "       U unevictable, S swap-backed, R referenced, D dirty",
  "tags: lo locked, mg mergeable, ac accounted, nl nonlinear",
].join("\n");

/** The whole view, with a newline at its end. */
export function renderRun(document: DumpDocument, script: Script, options: ViewOptions): string {
  const terminal = terminalFor(options);
  const dumps = document.dumps.map((dump) => renderDump(dump, terminal));
  const results = renderResults(document, script, options.notes ?? new Map(), terminal);
  return [...dumps, results].join("\n");
}

function renderDump(dump: Dump, terminal: Terminal): string {
  const lines = [titleLine(`dump ${dump.label}`, terminal), ""];
  for (const process of dump.procs) lines.push(renderProcess(process, terminal), "");
  if (dump.procs.length === 0) lines.push("no living process", "");
  if (dump.frames.length > 0) lines.push(renderFrames(dump, terminal), "");
  const { memcgs = [] } = dump;
  if (memcgs.length > 0) lines.push(renderCgroups(memcgs, terminal), "");
  return lines.join("\n");
}

function renderProcess(process: DumpProcess, terminal: Terminal): string {
  const { name, parent, vmas, pages, rss, locked, swap = [], offsets = [] } = process;
  const origin = parent === null ? "" : ` (child of ${parent})`;
  const counts = Object.entries({ ...rss, swap: pagesOf(swap), locked })
    .filter(([, pagesOfKind]) => pagesOfKind > 0)
    .map(([kind, pagesOfKind]) => `${kind} ${pagesOfKind}`);
  const memory = counts.length === 0 ? "no pages" : `pages: ${counts.join(", ")}`;
  if (vmas.length === 0)
    return `${terminal.paint("name", name)}${origin}  ${terminal.paint("dim", "nothing mapped")}`;
  const heading = `${terminal.paint("name", name)}${origin}  ${terminal.paint("dim", memory)}`;
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
  const beside = (process.devices ?? []).map((device) => deviceInWords(device, terminal.columns));
  return [heading, boxTable(head, rows, terminal), ...beside.flat()].join("\n");
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

function renderFrames(dump: Dump, terminal: Terminal): string {
  const head = ["frame", "mapcount", "flags", "word", "mapped at (process page)"];
  return `${terminal.paint("name", "frames and their reverse map")}\n${boxTable(head, frameRows(dump), terminal)}`;
}

/** What memory.stat has of each cgroup, but for what is 0. */
function renderCgroups(memcgs: readonly DumpCgroup[], terminal: Terminal): string {
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
  return `${terminal.paint("name", "memory cgroups")}\n${boxTable(head, rows, terminal)}`;
}

/** What failed, and what gave a value or a count; the rest was 0. */
function renderResults(
  { results, kernel }: DumpDocument,
  script: Script,
  notes: ReadonlyMap<number, string>,
  terminal: Terminal,
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
    titleLine(`${counted(results.length, "operation")}, ${failed} failed`, terminal),
    "",
    ...resultLines(rows, terminal.columns, terminal.paint),
    "",
    terminal.paint("dim", LEGEND),
  ];
  return `${lines.join("\n")}\n`;
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
