import fc from "fast-check";
import { expect, it } from "vitest";
import { PartEntry } from "../model/huge-page.js";
import { brokenInvariants } from "../model/invariants.js";
import { SWAP } from "./kernels.js";
import { ModelSide } from "./model-side.js";
import { PAGE } from "./operation.js";
import {
  hugeSequences,
  largeSpans,
  play,
  runs,
  sequences,
  spans,
  type Player,
  type Step,
} from "./sequence.js";
import { size } from "./size.js";

/** Only the sequences are judged here, and these are enough. */
const MOST_RUNS = 300;
const MOST_RUNS_WITH_HUGE = 200;
const CHECK_EVERY = 6;
/** Of huge pages. */
const WAYS = [
  "collapse collapsed",
  "collapse nothing-there",
  "collapse not-eligible",
  "collapse unsuitable",
  "forked",
  "moved as a whole",
  "read",
  "split 1",
  "write",
];

/** What needs several things to come together. */
const RARE = [
  "empty EBUSY",
  "empty nothing",
  "hierarchy EBUSY",
  "hierarchy EINVAL",
  "hierarchy nothing",
  "invalidate EBUSY",
  "ksm done",
  "limit EBUSY",
  "limit nothing",
  "migrate busy",
  "migrate moved",
  "migrate refused",
  "move ENOMEM",
  "move nothing",
  "page-in-vma mapped",
  "page-in-vma nowhere",
  "page-in-vma unmapped",
  "punch nothing",
  "putback nothing",
  "reclaim done",
  "restore nothing",
  "rmdir EBUSY",
  "rmdir nothing",
  "swap-out culled",
  "swap-out reclaimed",
  "swapoff nothing",
  "swapon EPERM",
  "try-to-munlock mlock",
  "try-to-unmap mlock",
  "write ENOMEM",
  "writeback done",
];

it(
  "the naive model itself keeps the specification's invariants",
  () => {
    const outcomes = new Set<string>();
    const merges = new Array<number>(9).fill(0);
    const watched = (model: ModelSide): Player => ({
      model,
      after: ({ operation, outcome, count }): void => {
        const [came = ""] = typeof outcome === "string" ? outcome.split(" ") : ["done"];
        outcomes.add(`${operation.op} ${outcome === 0 ? "nothing" : came}`);
        if (count % CHECK_EVERY === 0) expect(brokenInvariants(model.machine)).toEqual([]);
      },
      end: (): void => {
        for (const [number, count] of model.machine.counts.mergesByCase.entries()) {
          merges[number] = (merges[number] ?? 0) + count;
        }
      },
    });
    fc.assert(
      fc.property(sequences, spans, (sequence, span) => {
        play(sequence, () => watched(new ModelSide({ swap: SWAP })), span);
      }),
      { numRuns: Math.min(runs, MOST_RUNS), seed: size.seed, endOnFailure: true },
    );
    // The sequences are worth something only if operations succeed and fail in many ways.
    expect(Math.min(...merges.slice(1))).toBeGreaterThan(0);
    expect(outcomes.size).toBeGreaterThan(100);
    expect([...outcomes]).toEqual(expect.arrayContaining(RARE));
  },
  size.patience,
);

/** What huge pages are met in: counted after every operation. */
function waysOfHuge(model: ModelSide, { operation, outcome }: Step): string[] {
  const whole = (process: number, page: number): PartEntry | null => {
    const found = model.processes[process];
    const entry = found?.alive === true ? found.space.entries.get(page) : undefined;
    return entry instanceof PartEntry ? entry : null;
  };
  const { op } = operation;
  if (op === "collapse" || op === "split") return [`${op} ${outcome}`];
  if (op === "fork") {
    const entries = [...(model.processes.at(-1)?.space.entries.values() ?? [])];
    return entries.some((entry) => entry instanceof PartEntry) ? ["forked"] : [];
  }
  if (op === "mremap" && typeof outcome === "number" && outcome !== operation.address) {
    return whole(operation.process, outcome / PAGE) === null ? [] : ["moved as a whole"];
  }
  if (op === "read" || op === "write") {
    const entry = whole(operation.process, Math.floor(operation.address / PAGE));
    return entry === null ? [] : [op];
  }
  return [];
}

it(
  "huge pages come about in the model, and go, in every way",
  () => {
    const ways = new Set<string>();
    const counted = { thp_fault_alloc: 0, thp_collapse_alloc: 0, thp_split: 0 };
    const watched = (model: ModelSide): Player => ({
      model,
      after: (step): void => {
        for (const way of waysOfHuge(model, step)) ways.add(way);
        if (step.count % CHECK_EVERY === 0) expect(brokenInvariants(model.machine)).toEqual([]);
      },
      end: (): void => {
        const { events } = model.machine.memory;
        for (const name of Object.keys(counted) as (keyof typeof counted)[]) {
          counted[name] += events[name];
        }
      },
    });
    fc.assert(
      fc.property(hugeSequences, largeSpans, fc.boolean(), (sequence, span, always) => {
        const transparentHugepage = always ? "always" : "madvise";
        play(sequence, () => watched(new ModelSide({ swap: SWAP, transparentHugepage })), span);
      }),
      { numRuns: Math.min(runs, MOST_RUNS_WITH_HUGE), seed: size.seed, endOnFailure: true },
    );
    expect([...ways]).toEqual(expect.arrayContaining(WAYS));
    expect(Math.min(...Object.values(counted))).toBeGreaterThan(10);
  },
  size.patience,
);
