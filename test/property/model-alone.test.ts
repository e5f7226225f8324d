import fc from "fast-check";
import { expect, it } from "vitest";
import { brokenInvariants } from "../model/invariants.js";
import { SWAP } from "./kernels.js";
import { ModelSide } from "./model-side.js";
import { play, runs, sequences, spans, type Player } from "./sequence.js";
import { size } from "./size.js";

/** Only the sequences are judged here, and these are enough. */
const MOST_RUNS = 300;
const CHECK_EVERY = 6;

/** What needs several things to come together. */
const RARE = [
  "empty EBUSY",
  "empty nothing",
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
