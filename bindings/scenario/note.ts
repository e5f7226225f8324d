// What has to be said about a step beside its result: why it failed, and which pages it had to leave.

import type { Kernel } from "../kernel/kernel.js";
import { failureInWords } from "./failure-words.js";
import { type ScriptRunner, SKIPPED, type Step } from "./runner.js";
import type { Stayed } from "./staying.js";
import { LISTED, pagesInWords } from "./wording.js";

/** Pages that stayed, by reason: "page 10 stays: pinned". */
function stayedInWords(stayed: readonly Stayed[]): string[] {
  const reasons = new Map<string, number[]>();
  for (const { page, why } of stayed) {
    const pages = reasons.get(why);
    if (pages === undefined) reasons.set(why, [page]);
    else pages.push(page);
  }
  const words = [...reasons].map(
    ([why, pages]) => `${pagesInWords(pages)} ${pages.length === 1 ? "stays" : "stay"}: ${why}`,
  );
  if (words.length <= LISTED) return words;
  return [...words.slice(0, LISTED), `and more, for ${words.length - LISTED} other reasons`];
}

/** What a reader of the result asks next; empty for most steps. To be called before the next step. */
export function noteOn(kernel: Kernel, runner: ScriptRunner, step: Step): string {
  const { operation, result, error, stayed } = step;
  if (result?.[2] === SKIPPED) return "its process or file is not there";
  if (error !== null) return failureInWords(kernel, runner, operation, error);
  const isRange = operation.op === "swap-out" || operation.op === "migrate";
  if (isRange && result?.[2] === 0 && stayed.length === 0) return "no page is present there";
  return stayedInWords(stayed).join("; ");
}
