// The whole of this version against a live kernel: every recorded case, as far as this version goes.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/kernel.js";
import type { KernelOptions } from "../../bindings/kernel/options.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { compareDumps } from "../../bindings/scenario/dump-comparison.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { runScript } from "../../bindings/scenario/runner.js";
import type { Script } from "../../bindings/scenario/script.js";
import { isSupported } from "../../bindings/scenario/support.js";
import { liveCases } from "./live-case.js";

const machines: KernelOptions[] = (["list", "interval-tree"] as const).flatMap((anonIndex) =>
  (["release", "checked"] as const).map((build) => ({ anonIndex, build })),
);

/** Runs a script and checks the invariants after every line. */
async function run(script: Script, options: KernelOptions): Promise<DumpDocument> {
  const kernel = await createKernel({ ...options, ...machineFor(script) });
  try {
    return runScript(
      kernel,
      script,
      { kernel: "rmaplab v3.7", case: script.name },
      {
        afterStep: ({ operation }) => {
          const violations = kernel.verify();
          if (violations.length > 0) {
            throw new Error(`line ${operation.line}: ${JSON.stringify(violations)}`);
          }
        },
      },
    );
  } finally {
    kernel.dispose();
  }
}

/** The operations before the first that this version cannot run. */
function runnablePart(script: Script): { script: Script; complete: boolean } {
  const end = script.operations.findIndex((operation) => !isSupported(operation));
  const operations = end < 0 ? script.operations : script.operations.slice(0, end);
  return { script: { name: script.name, operations }, complete: end < 0 };
}

/** What the live kernel reported about a part of a script. */
function recorded(document: DumpDocument, part: Script, complete: boolean): DumpDocument {
  const lines = new Set(part.operations.map(({ line }) => line));
  const dumps = part.operations.filter(({ op }) => op === "dump").length;
  return {
    ...document,
    dumps: complete ? document.dumps : document.dumps.slice(0, dumps),
    results: document.results.filter(([line]) => lines.has(line)),
  };
}

describe.each(machines)("with $anonIndex in the $build build", (options) => {
  test.each(liveCases())("$name gives what the live kernel reported", async (live) => {
    const { script, complete } = runnablePart(live.script);
    const expected = recorded(live.document, script, complete);
    const given = await run(script, options);
    // A part does not end where the case ends, so its last dump has nothing to be compared with.
    const dumps = complete ? given.dumps : given.dumps.slice(0, expected.dumps.length);
    expect(compareDumps({ ...given, dumps }, expected, ["rmaplab", "the live kernel"])).toEqual([]);
    expect(expected.results.length).toBeGreaterThan(0);
  });
});

test("the cases that need neither mlock nor KSM are compared to their end", () => {
  const complete = liveCases().filter(({ script }) => runnablePart(script).complete);
  expect(complete.map(({ name }) => name)).toEqual([
    "filemerge",
    "forkchain",
    "rnd-anon",
    "shared",
  ]);
});
