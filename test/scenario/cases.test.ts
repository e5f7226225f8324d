// The whole of this version against a live kernel: every recorded case, to its end.

import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { KernelOptions } from "../../bindings/kernel/options.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { compareDumps } from "../../bindings/scenario/dump-comparison.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { runScript } from "../../bindings/scenario/runner.js";
import type { Script } from "../../bindings/scenario/script.js";
import { liveCases } from "./live-case.js";

const machines: KernelOptions[] = (["list", "interval-tree"] as const).flatMap((anonIndex) =>
  (["release", "checked"] as const).map((build) => ({
    anonIndex,
    build,
    arch: "x86-64",
  })),
);
// Whatever the machine: only flags that are not compared tell the two apart.
machines.push({ anonIndex: "interval-tree", build: "checked", arch: "s390x" });

/** Runs a script and checks the invariants after every line. */
async function run(script: Script, options: KernelOptions): Promise<DumpDocument> {
  const kernel = await createKernel({ ...machineFor(script), ...options });
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

describe.each(machines)("with $anonIndex in the $build build, $arch", (options) => {
  test.each(liveCases())("$name gives what the live kernel reported", async (live) => {
    const given = await run(live.script, options);
    expect(compareDumps(given, live.document, ["rmaplab", "the live kernel"])).toEqual([]);
    expect(live.document.results.length).toBeGreaterThan(0);
  });
});
