import fc from "fast-check";
import { expect, it } from "vitest";
import { brokenInvariants } from "../model/invariants.js";
import { ModelSide } from "./model-side.js";
import { play, runs, sequences, type Player } from "./sequence.js";
import { size } from "./size.js";

/** Only the sequences are judged here, and these are enough. */
const MOST_RUNS = 300;
const CHECK_EVERY = 6;

it(
  "the naive model itself keeps the specification's invariants",
  () => {
    const outcomes = new Set<string>();
    const merges = new Array<number>(9).fill(0);
    const watched = (model: ModelSide): Player => ({
      model,
      after: ({ operation, outcome, count }): void => {
        outcomes.add(`${operation.op} ${typeof outcome === "string" ? outcome : "done"}`);
        if (count % CHECK_EVERY === 0) expect(brokenInvariants(model.machine)).toEqual([]);
      },
      end: (): void => {
        for (const [number, count] of model.machine.counts.mergesByCase.entries()) {
          merges[number] = (merges[number] ?? 0) + count;
        }
      },
    });
    fc.assert(
      fc.property(sequences, fc.integer({ min: 40, max: 240 }), (sequence, span) => {
        play(sequence, () => watched(new ModelSide({})), span);
      }),
      { numRuns: Math.min(runs, MOST_RUNS), seed: size.seed, endOnFailure: true },
    );
    // The sequences are worth something only if operations succeed and fail in many ways.
    expect(Math.min(...merges.slice(1))).toBeGreaterThan(0);
    expect(outcomes.size).toBeGreaterThan(30);
  },
  size.patience,
);
