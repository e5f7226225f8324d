// What has to be said about a step beside its result: why it failed, and what it had to leave.

import { failureInWords } from "./failure-words.js";
import type { WritebackOperation } from "./operation.js";
import { leftByReclaim } from "./reclaim-words.js";
import { SKIPPED } from "./cast.js";
import { type Scene, writingPages } from "./scene.js";
import type { Stayed } from "./staying.js";
import { fewReasons, pagesInWords } from "./wording.js";

/** Pages that stayed, by reason: "page 10 stays: pinned". */
function stayedInWords(stayed: readonly Stayed[]): string[] {
  const reasons = new Map<string, number[]>();
  for (const { page, why } of stayed) {
    const pages = reasons.get(why);
    if (pages === undefined) reasons.set(why, [page]);
    else pages.push(page);
  }
  return fewReasons(
    [...reasons].map(
      ([why, pages]) => `${pagesInWords(pages)} ${pages.length === 1 ? "stays" : "stay"}: ${why}`,
    ),
  );
}

/** What a reader of the result asks next; empty for most steps. To be called before the next step. */
export function noteOn(scene: Scene): string {
  const { operation, result, error, stayed } = scene.step;
  if (result?.[2] === SKIPPED) return skippedBecause(scene);
  if (error !== null) return failureInWords(scene, error);
  switch (operation.op) {
    case "reclaim":
      return leftByReclaim(scene, operation).join("; ");
    case "writeback":
      return unwritten(scene, operation);
    case "swap-out":
    case "migrate":
      if (operation.count === 0) return "the range has 0 pages";
      if (result?.[2] === 0 && stayed.length === 0) return "no page is present there";
      return stayedInWords(stayed).join("; ");
    default:
      return "";
  }
}

function skippedBecause({ runner, step: { operation } }: Scene): string {
  if ("device" in operation) return "its device is not there";
  const named = "cgroup" in operation && operation.op !== "memcg" ? operation.cgroup : null;
  if (runner.cgroup(named) === undefined) return "its memory cgroup is not there";
  return operation.op === "memcg"
    ? "the memory cgroup above is not there"
    : "its process or file is not there";
}

/** What became of pages that were to be written. */
function unwritten({ kernel, runner, step }: Scene, { file }: WritebackOperation): string {
  const kind = runner.file(file)?.kind;
  if (kind !== "disk") return `${kind} has nowhere to write to`;
  // Unless I/O is held, writing is over when the operation is.
  const held = step.result?.[2] !== 0 && writingPages(kernel) > 0;
  return held ? "under writeback while I/O is held" : "";
}
