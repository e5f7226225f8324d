// The forced schedule of the memcg-stat lab, and all its neighbours.

import type { Observables, Sight } from "./lab.js";
import type { MemcgMeeting, MappedFile } from "./memcg-meeting.js";
import { findPlaces, MemcgNarrator } from "./memcg-narrator.js";

/** A stands before the step in which it counts; B maps the page; A goes on; C moves the charge; B unmaps. */
export function forcedSchedule(on: MemcgMeeting): Sight {
  const { steps, ...places } = findPlaces(on, on.unmap);
  const narrator = new MemcgNarrator(on, places);
  const { page } = on;
  narrator.say("A", "munmap of the page's only mapping");
  narrator.run(on.unmap, steps - 1);
  narrator.say("A", "is stopped: its next step is to count");
  narrator.say("B", "read: the page is to be mapped in another process");
  const overtakes = narrator.run(on.map);
  narrator.say("A", "goes on");
  narrator.run(on.unmap);
  on.settle();
  const afterRace = on.mappedFile.from;
  const found = on.kernel.verify();
  narrator.say("-", `verify(): ${found.map(({ message }) => message).join("; ") || "nothing"}`);
  const mapped = page.mapcount > 0;
  narrator.say("C", "B's process moves to the cgroup `to`, with its charges");
  narrator.run(on.mover());
  const afterMove = on.mappedFile;
  narrator.say("B", "munmap of the page's only mapping");
  narrator.run(on.end());
  const atEnd = on.mappedFile;
  narrator.say("-", `mapped_file at the end: from ${atEnd.from}, to ${atEnd.to}`);
  return {
    observables: {
      overtakes,
      mappedAfterRace: mapped,
      violationsAfterRace: found.length,
      mappedFileAfterRace: afterRace,
      mappedFileToAfterMove: afterMove.to,
      mappedFileFrom: atEnd.from,
      mappedFileTo: atEnd.to,
      nrMapped: on.kernel.vmstat().nr_mapped,
    },
    shown: narrator.lines,
  };
}

/**
 * Each of the two paths is stopped after each of its steps in turn, while the other goes as far as it can; then the
 * charge moves, and nothing maps the page any more.
 */
export function allStops(on: MemcgMeeting): Observables {
  const ends = new Map<string, number>();
  for (const [first, second] of [
    [on.unmap, on.map],
    [on.map, on.unmap],
  ] as const) {
    for (let stop = 0, last = false; !last; stop++) {
      on.restart();
      for (let step = 0; step < stop && !first.done; step++) on.scheduler.step(first);
      last = first.done;
      on.scheduler.finish(second);
      on.settle();
      const end = words(on.afterwards());
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  }
  const right = words({ from: 0, to: 0 });
  const wrong = [...ends].filter(([end]) => end !== right);
  return {
    stopsThatEndWrong: wrong.reduce((sum, [, count]) => sum + count, 0),
    wrongEnd: wrong[0]?.[0] ?? "none",
  };
}

function words({ from, to }: MappedFile): string {
  return `from ${from}, to ${to}`;
}
