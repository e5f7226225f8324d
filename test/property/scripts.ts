import fc from "fast-check";
import type { Arch } from "../../bindings/index.js";
import { Chooser } from "./choice.js";
import { SWAP } from "./kernels.js";
import { ModelSide } from "./model-side.js";
import { withoutLastWord } from "./script-default.js";
import { inLanguage } from "./script-line.js";
import { kinds, largeSpans, spans } from "./sequence.js";
import { choices, type Choice } from "./weights.js";

/** Operations between two dumps, and operations after which the script ends at the latest. */
export interface ScriptShape {
  readonly dumpEvery: number;
  readonly maxLength: number;
  /** In an arena with room for huge pages, which faults make wherever they fit. */
  readonly huge: boolean;
}

/** A line for a process that has exited comes every so many lines. */
const DEAD_EVERY = 50;
/** One line of so many does without a word that it could have. */
const LEAVES_OUT_EVERY = 4;

/**
 * Random scripts of the script language. They are made by playing on the naive model, so that most lines find
 * something to do; lines that fail are part of it.
 */
export function scripts({ dumpEvery, maxLength, huge }: ScriptShape): fc.Arbitrary<string> {
  return fc
    .tuple(choices(maxLength, huge), huge ? largeSpans : spans, kinds)
    .map(([sequence, span, arch]) => {
      const transparentHugepage = huge ? "always" : "madvise";
      const model = new ModelSide({ swap: SWAP, arch, transparentHugepage });
      return writeScript(sequence, model, span, dumpEvery, arch);
    });
}

function writeScript(
  sequence: readonly Choice[],
  model: ModelSide,
  span: number,
  dumpEvery: number,
  arch: Arch,
): string {
  const chooser = new Chooser(model, span);
  const lines: string[] = arch === "s390x" ? ["s390"] : [];
  for (const choice of sequence) {
    const chosen = chooser.operation(choice);
    if (chosen === null) continue;
    const leavesOut = (choice.numbers.at(-1) ?? 0) % LEAVES_OUT_EVERY === 0;
    const usual = leavesOut ? withoutLastWord(chosen, lines.length + 1) : null;
    const operation = usual ?? chosen;
    const written = inLanguage(operation, {
      processes: model.processes.length,
      files: model.files.length,
      devices: model.machine.devices.length,
      cgroups: model.machine.memory.cgroups.all.length,
    });
    if (written === null) continue;
    const failed = typeof model.perform(operation) === "string";
    // A group that did not come to be has used its name up.
    const line = failed ? written.replace(/^memcg G\d+/, `memcg N${lines.length}`) : written;
    lines.push(usual === null ? line : line.slice(0, line.lastIndexOf(" ")));
    const dead = model.processes.findIndex(({ alive }) => !alive);
    const [number = 0] = choice.numbers;
    if (dead >= 0 && number % DEAD_EVERY === 0) lines.push(`fork P${dead} Q${lines.length}`);
    if (lines.length % dumpEvery === 0) lines.push(`dump after-${lines.length}`);
  }
  return `${lines.join("\n")}\n`;
}
