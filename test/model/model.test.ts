import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { comparable, type Dump } from "./dump.js";
import { runScript, type Result } from "./script-run.js";
import { parseScript } from "./script.js";

interface Recording {
  readonly dumps: Dump[];
  readonly results: Result[];
}

/** The model does not merge equal pages: it follows this script until they would be merged. */
const OPERATIONS_BEFORE_MERGING = new Map([["ksm", 31]]);

function fixture(name: string): string {
  return readFileSync(new URL(`../fixtures/cases/${name}`, import.meta.url), "utf8");
}

describe("the model gives what the live kernel gave", () => {
  for (const name of [
    "filemerge",
    "forkchain",
    "ksm",
    "mremap",
    "rnd-anon",
    "rnd-mix",
    "shared",
    "trunc",
  ]) {
    const lines = parseScript(fixture(`${name}.script`));
    const known = lines.slice(0, OPERATIONS_BEFORE_MERGING.get(name));
    const whole = known.length === lines.length;
    it(`for ${whole ? "all" : `${String(known.length)} operations`} of ${name}`, () => {
      const recording = JSON.parse(fixture(`${name}.json`)) as Recording;
      const outcome = runScript(known);
      const dumps = outcome.dumps.slice(0, known.filter((l) => l.operation === "dump").length);
      expect(outcome.results).toEqual(recording.results.slice(0, outcome.results.length));
      for (const [index, dump] of dumps.entries()) {
        expect(comparable(dump)).toEqual(comparable(recording.dumps[index] as Dump));
      }
      if (whole) expect(dumps).toHaveLength(recording.dumps.length);
    });
  }
});
