import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { comparable, type Dump } from "./dump.js";
import { runScript, type Result } from "./script-run.js";
import { parseScript } from "./script.js";

interface Recording {
  readonly dumps: Dump[];
  readonly results: Result[];
}

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
    it(`for ${name}`, () => {
      const recording = JSON.parse(fixture(`${name}.json`)) as Recording;
      const { dumps, results } = runScript(parseScript(fixture(`${name}.script`)));
      expect(results).toEqual(recording.results);
      expect(dumps.map(comparable)).toEqual(recording.dumps.map(comparable));
    });
  }
});
