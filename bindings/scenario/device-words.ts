// What devices show, in words: what they found by themselves, and what they were told to forget.

import { pageOf } from "./arena.js";
import type { ScriptRunner } from "./runner.js";
import type { Scene } from "./scene.js";
import { pagesInWords } from "./wording.js";

/** Page numbers that each device shows, by its name. */
export type Shown = ReadonlyMap<string, ReadonlySet<number>>;

/** What the devices of a script show now; those that were let go show nothing. */
export function shownByDevices(runner: ScriptRunner): Shown {
  return new Map(
    runner.devices.map(({ name, notifier }) => {
      const pages = notifier.registered ? notifier.pages() : [];
      return [name, new Set(pages.map(({ address }) => pageOf(address)))];
    }),
  );
}

/** "D shows page 10 now", "D no longer shows pages 10-12". */
export function devicesInWords({ runner, before }: Scene): string[] {
  const words: string[] = [];
  for (const [name, pages] of shownByDevices(runner)) {
    const earlier = before.shown.get(name) ?? new Set();
    const lost = [...earlier].filter((page) => !pages.has(page));
    const found = [...pages].filter((page) => !earlier.has(page));
    if (lost.length > 0) words.push(`${name} no longer shows ${pagesInWords(lost)}`);
    if (found.length > 0) words.push(`${name} shows ${pagesInWords(found)} now`);
  }
  return words;
}
