// Walks of the reverse map for people: each step a line, under the lock or node to which it belongs.

import { lockNames } from "../core/lock-words.js";
import type { WalkRecord, WalkRecordStep } from "../scenario/walk-record.js";
import { counted } from "../scenario/wording.js";
import { wrapWords } from "./line-wrap.js";
import { type Paint, terminalFor, type TerminalOptions, titleLine } from "./terminal.js";
import { deedInWords, foundInWords, offerInWords } from "./walk-wording.js";

/** Where the view is shown. */
export interface WalkViewOptions extends TerminalOptions {
  /** Lines that are longer go on in the next, further in. */
  readonly wrap?: boolean;
}

/** What is shown. */
export interface ShownWalks {
  /** What they belong to: "line 12: migrate A 10 1". */
  readonly title: string;
  readonly walks: readonly WalkRecord[];
  /** How many events were kept, if there were more; else null. */
  readonly kept: number | null;
}

const INDENT = "  ";
/** However far in a line stands, so many characters of it are side by side. */
const LEAST_ROOM = 30;
/** Names of locks, outer first. */
const ORDER: readonly string[] = Object.values(lockNames);

/** The walks one after the other, with a newline at the end. */
export function renderWalks({ title, walks, kept }: ShownWalks, options: WalkViewOptions): string {
  const terminal = terminalFor(options);
  const { columns, paint } = terminal;
  const lines = [titleLine(`walks of ${title}`, terminal), ""];
  if (walks.length === 0) lines.push("no walk of the reverse map", "");
  const width = options.wrap ? columns : Infinity;
  for (const walk of walks) {
    for (const line of linesOf(walk)) lines.push(...layOut(line, width, paint));
    lines.push("");
  }
  if (kept !== null) lines.push(`Only the first ${kept} events were kept, there were more.`, "");
  return lines.join("\n");
}

/** A line of the view: how far in it stands, and what is to be seen of it first, or hardly. */
interface Line {
  readonly depth: number;
  readonly text: string;
  readonly dim?: boolean;
  /** It begins with the name of a walk. */
  readonly name?: string;
}

function linesOf(walk: WalkRecord): Line[] {
  const result = walk.result === null ? "its end was not kept" : `returns ${walk.result}`;
  return [
    { depth: 0, text: `${walk.walk} of ${pageInWords(walk)}`, name: walk.walk },
    ...new StepLines(walk.steps).lines,
    { depth: 1, text: result },
    ...costInWords(walk).map((text) => ({ depth: 0, text })),
  ];
}

/** A line as one or more of at most so many characters. */
function layOut({ depth, text, dim, name }: Line, width: number, paint: Paint): string[] {
  const indent = INDENT.repeat(depth);
  const room = Math.max(width - indent.length - 2 * INDENT.length, LEAST_ROOM);
  const parts = indent.length + text.length <= width ? [text] : wrapWords(text, room);
  return parts.map((part, i) => {
    const further = i === 0 ? "" : INDENT.repeat(2);
    if (dim) return indent + further + paint("dim", part);
    const named = i === 0 && name !== undefined && part.startsWith(name);
    return named ? paint("name", name) + part.slice(name.length) : indent + further + part;
  });
}

function pageInWords({ page: { kind, file, offset, mapcount } }: WalkRecord): string {
  const mapped = counted(mapcount, "mapping");
  if (kind === "ksm") return `a page that KSM shares, ${mapped}`;
  return kind === "file"
    ? `page ${offset} of ${file}, ${mapped}`
    : `the anonymous page at offset ${offset}, ${mapped}`;
}

/** The summary: what the counters say of this walk. */
function costInWords(walk: WalkRecord): string[] {
  const considered = walk.steps.filter((step) => "vma" in step && step.vma === "considered");
  const counts = [
    `${counted(walk.nodesVisited, "node")} visited, ${walk.nodesTouched} touched`,
    `${counted(considered.length, "VMA")} considered, ${walk.irrelevantVmas} irrelevant`,
    `${walk.entriesChecked} ${walk.entriesChecked === 1 ? "entry" : "entries"} checked`,
    counted(walk.stepsPassed, "step"),
  ];
  const taken = Object.entries(walk.locks).sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const locks = taken.map(([name, { taken, steps, longest }]) => {
    const each = taken === 1 ? "" : `, the longest time for ${longest}`;
    return `${name} taken ${times(taken)}, held for ${counted(steps, "step")}${each}`;
  });
  return [counts.join("; "), ...(locks.length > 0 ? locks : ["no lock taken"])];
}

function times(n: number): string {
  return n === 1 ? "once" : `${n} times`;
}

/** Steps as lines; what happens under a lock, or at a node, is indented. */
class StepLines {
  readonly lines: Line[] = [];
  #locks = 0;
  /** Locks held when the node was met under which steps stand now; null if they stand under none. */
  #node: number | null = null;

  constructor(steps: readonly WalkRecordStep[]) {
    for (let i = 0; i < steps.length; i++) i += this.#tell(steps[i]!, steps[i + 1]);
  }

  /** One step, with the next if both are one line; returns how many of those that follow it has told. */
  #tell(step: WalkRecordStep, next: WalkRecordStep | undefined): number {
    if ("node" in step) return this.#tellNode(step, next);
    if ("cluster" in step) {
      this.#head(`nonlinear ${place(step.cluster, step.pages)}: gone through`);
    } else if ("vma" in step) {
      this.#line(offerInWords(step.vma, step.page));
    } else if ("entry" in step) {
      return this.#tellEntry(step, next);
    } else if ("did" in step) {
      this.#line(deedInWords[step.did]);
    } else if ("lock" in step) {
      this.#line(`take ${step.lock}: ${step.for}`, true);
      this.#locks++;
    } else if ("busy" in step) {
      this.#line(`try ${step.busy}, in vain: ${step.for}`, true);
    } else {
      this.#locks--;
      if (this.#node !== null && this.#locks < this.#node) this.#node = null;
      this.#line(`let go of ${step.unlock} after ${counted(step.steps, "step")}`, true);
    }
    return 0;
  }

  #tellNode(
    step: Extract<WalkRecordStep, { node: string }>,
    next: WalkRecordStep | undefined,
  ): number {
    const [first, last] = step.offsets;
    const offsets = first === last ? `offset ${first}` : `offsets ${first}-${last}`;
    const node = `node ${place(step.node, step.pages)}, ${offsets}`;
    const offered = next !== undefined && "vma" in next;
    this.#head(`${node}: ${offered ? offerInWords(next.vma, next.page) : "on the way"}`);
    return offered ? 1 : 0;
  }

  #tellEntry(
    step: Extract<WalkRecordStep, { entry: number }>,
    next: WalkRecordStep | undefined,
  ): number {
    const found = [foundInWords[step.found], ...step.bits].join(", ");
    const done = next !== undefined && "did" in next;
    this.#line(`entry at ${step.entry}: ${found}${done ? `; ${deedInWords[next.did]}` : ""}`);
    return done ? 1 : 0;
  }

  /** A line under which others stand. */
  #head(text: string): void {
    this.#node = null;
    this.#line(text);
    this.#node = this.#locks;
  }

  #line(text: string, dim = false): void {
    const depth = this.#locks + (this.#node === null ? 0 : 1);
    this.lines.push({ depth: 1 + Math.max(depth, 0), text, dim });
  }
}

function place(process: string, [start, end]: readonly [number, number]): string {
  return `${process} ${start}-${end}`;
}
