// What a client hears at some sites, and the locks that are held meanwhile, as a sequence.

import type { LabRun } from "./lab-run.js";
import type { SequencePicture, SequenceStep } from "./picture.js";

/** Sites that show a call about one page, and a range. */
const SITES = ["try_to_unmap", "do_wp_page"];
const SPINLOCK = "page-table lock";
/** Calls that a client may sleep in, after the commit. */
const MAY_SLEEP = /^(?:page|start|end) /;
const CALLS: Readonly<Record<string, string>> = {
  page: "invalidate_page",
  start: "invalidate_range_start",
  end: "invalidate_range_end",
  change: "change_pte",
};

/** @param scenario the one whose lines are sites, and below each toldWords() of its calls */
export function notifierPicture({ scenarios }: LabRun, scenario: string): SequencePicture {
  const found = scenarios.find(({ name }) => name === scenario);
  const panels = (["before", "after"] as const).map((side) => ({
    title: side,
    actors: ["kernel", "client"],
    steps: SITES.flatMap((site) => stepsAt(site, found?.[side].shown ?? [])),
  }));
  return { kind: "sequence", title: `What a client hears: ${SITES.join(" and ")}`, panels };
}

function stepsAt(site: string, lines: readonly string[]): SequenceStep[] {
  const from = lines.indexOf(`${site}:`) + 1;
  const length = lines.slice(from).findIndex((line) => !line.startsWith(" "));
  const calls = lines
    .slice(from, length < 0 ? undefined : from + length)
    .map((line) => line.trim());
  const locks = calls.map(locksOf);
  const steps = calls.map((line, i): SequenceStep => {
    const next = locks[i + 1] ?? [];
    const [, call = "", entry = ""] = /^(\w+) .*, entry (\w+), under /.exec(line) ?? [];
    const isWrong = MAY_SLEEP.test(line) && locks[i]?.includes(SPINLOCK) === true;
    return {
      ...{ actor: "kernel", to: "client", takes: locks[i] ?? [] },
      drops: (locks[i] ?? []).filter((lock) => !next.includes(lock)),
      words: `${CALLS[call] ?? call}, the entry is ${entry}`,
      ...(isWrong ? { isWrong } : {}),
    };
  });
  return [{ actor: "kernel", words: site }, ...steps];
}

function locksOf(call: string): string[] {
  const [, locks = ""] = call.split(", under ");
  return locks === "no lock" ? [] : [...new Set(locks.split(", "))];
}
