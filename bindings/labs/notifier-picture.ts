// What a client hears at some sites, and whether a spinlock is held meanwhile, as a sequence.

import type { LabRun } from "./lab-run.js";
import { callNames, type ToldCall } from "./notifier-log.js";
import type { SequencePicture, SequenceStep } from "./picture.js";

/** Sites that show a call about one page, and ranges. */
const SITES = ["try_to_unmap", "do_huge_pmd_wp_page", "collapse_huge_page"];
const SPINLOCK = "page-table lock";

/**
 * @param calls the scenario whose lines are sites, and below each toldWords() of its calls
 * @param count the one that counts places
 */
export function notifierPicture(
  { scenarios }: LabRun,
  calls: string,
  count: string,
): SequencePicture {
  const found = scenarios.find(({ name }) => name === calls);
  const counted = scenarios.find(({ name }) => name === count);
  const panels = (["before", "after"] as const).map((side) => {
    const { places = 0, placesThatSleepUnderSpinlock = 0 } = counted?.[side].observables ?? {};
    const isWrong = placesThatSleepUnderSpinlock !== 0;
    return {
      title: `${side}: called ${isWrong ? "under" : "without"} the page-table lock, a spinlock`,
      actors: ["kernel", "client"],
      steps: SITES.flatMap((site) => stepsAt(site, found?.[side].shown ?? [])),
      end: `${String(placesThatSleepUnderSpinlock)} of ${String(places)} places call it under the lock`,
      ...(isWrong ? { isWrong } : {}),
    };
  });
  return { kind: "sequence", title: "Where a client that wants to sleep is called", panels };
}

function stepsAt(site: string, lines: readonly string[]): SequenceStep[] {
  const from = lines.indexOf(`${site}:`) + 1;
  const length = lines.slice(from).findIndex((line) => !line.startsWith(" "));
  const calls = lines.slice(from, length < 0 ? undefined : from + length);
  const isLocked = calls.map((line) => line.includes(SPINLOCK));
  const steps = calls.map((line, i): SequenceStep => {
    const [, call = "page", entry = ""] = /^ *(\w+) .*, entry (\w+), under /.exec(line) ?? [];
    const changed = i === 0 ? "after the entry has changed" : "after that";
    return {
      ...{ actor: "kernel", to: "client" },
      words: `${callNames[call as ToldCall["call"]]}, ${entry === "old" ? "before the entry changes" : changed}`,
      ...(isLocked[i] ? { takes: [SPINLOCK], isWrong: true as const } : {}),
      ...(isLocked[i] && !isLocked[i + 1] ? { drops: [SPINLOCK] } : {}),
    };
  });
  return [{ actor: "kernel", words: site }, ...steps];
}
