import { type Violated, VIOLATION_RECORD, VIOLATIONS_LISTED } from "../../assembly/violated.js";
import { anonVmaWordings } from "./violation/anon-vma.js";
import { counterWordings } from "./violation/counter.js";
import { fileWordings } from "./violation/file.js";
import { hugePoolWordings } from "./violation/huge-pool.js";
import { indexWordings } from "./violation/vma-index.js";
import { ksmWordings } from "./violation/ksm.js";
import { lockWordings } from "./violation/lock.js";
import { memcgWordings } from "./violation/memcg.js";
import { notifierWordings } from "./violation/notifier.js";
import { pageWordings } from "./violation/page.js";
import { recordWordings } from "./violation/record.js";
import { swapWordings } from "./violation/swap.js";
import { vmaWordings } from "./violation/vma.js";
import type { Wording } from "./violation/words.js";

/** A broken invariant. */
export interface Violation {
  /** Its name in the specification: "I1" to "I12". */
  readonly invariant: string;
  /** What is broken, and where. */
  readonly message: string;
}

/** The words for every kind that verify() knows: the compiler misses one that has none. */
const wordings: Record<Violated, Wording> = {
  ...pageWordings,
  ...fileWordings,
  ...counterWordings,
  ...swapWordings,
  ...memcgWordings,
  ...ksmWordings,
  ...hugePoolWordings,
  ...notifierWordings,
  ...anonVmaWordings,
  ...indexWordings,
  ...vmaWordings,
  ...lockWordings,
  ...recordWordings,
};

/** The hundreds of a kind are the invariant's number. */
function invariantOf(kind: number): string {
  return `I${Math.floor(kind / 100)}`;
}

type Details = [number, number, number, number, number];

/** One record of the report; kind 0 is beyond its end. */
function readRecord(view: DataView, at: number): { kind: number; total: number; details: Details } {
  const field = (n: number): number => view.getFloat64(at + n * 8, true);
  const details: Details = [field(2), field(3), field(4), field(5), field(6)];
  return { kind: field(0), total: field(1), details };
}

/**
 * Reads the report that the core's verify() left.
 *
 * @param view all of linear memory
 * @param at address of the report
 * @returns the violations that it lists: where there are too many of a kind, the first says how many
 */
export function decodeViolations(view: DataView, at: number): Violation[] {
  const records = Array.from({ length: VIOLATIONS_LISTED }, (_, n) =>
    readRecord(view, at + 8 + n * VIOLATION_RECORD),
  ).filter(({ kind }) => kind !== 0);
  return records.map(({ kind, total, details }) => {
    const listed = records.filter((other) => other.kind === kind).length;
    const more = total > listed ? ` (the first ${listed} of ${total} of this kind)` : "";
    const message = wordings[kind as Violated](...details) + more;
    return { invariant: invariantOf(kind), message };
  });
}
