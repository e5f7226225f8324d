import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { KernelOptions } from "../../bindings/kernel/options.js";
import { Explainer } from "../../bindings/scenario/explanation.js";
import { machineFor } from "../../bindings/scenario/machine-size.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";

/** The explanations of a script's lines; the checked build runs it, and its invariants hold at every line. */
export async function explain(
  lines: readonly string[],
  { most, ...machine }: KernelOptions & { readonly most?: number } = {},
): Promise<string[]> {
  const script = parseScript(lines.join("\n"), "s");
  const kernel = await createKernel({ build: "checked", ...machineFor(script), ...machine });
  const runner = new ScriptRunner(kernel, script, { kernel: "k", case: "s" });
  const explained: string[] = [];
  try {
    const explainer = new Explainer(kernel, runner, {
      tell: (words) => explained.push(words),
      ...(most === undefined ? {} : { most }),
    });
    while (explainer.step() !== null) {
      const [violation] = kernel.verify();
      if (violation !== undefined) throw new Error(`${explained.at(-1)}: ${violation.message}`);
    }
  } finally {
    kernel.dispose();
  }
  return explained;
}
