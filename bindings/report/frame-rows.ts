// The rows of a run's table of frames: frames that differ in nothing but their number and place are one.

import type { Dump, DumpFrame } from "../scenario/dump.js";
import { ZERO_FRAME } from "../scenario/dump.js";

/** Where a frame is mapped, in the order in which processes and pages come. */
interface Place {
  readonly process: string;
  readonly page: number;
}

/** Frames that follow each other, each mapped one page after the one before, by the same processes. */
interface FrameRun {
  readonly first: number;
  count: number;
  readonly frame: DumpFrame;
  /** What is added to the word from one frame to the next; null for a single one. */
  step: number | null;
  readonly places: readonly Place[];
}

/** The cells of each row: frames, map count, flags, words, places. */
export function frameRows(dump: Dump): string[][] {
  return runsOf(dump).map(({ first, count, frame: [mapcount, flags, word], step, places }) => [
    span(first, count),
    `${mapcount}`,
    flags,
    step === 1 ? span(word, count) : `${word}`,
    (count === 1 ? foldedPlaces(places) : places.map((place) => placeInWords(place, count))).join(
      ", ",
    ),
  ]);
}

function runsOf(dump: Dump): FrameRun[] {
  const places = placesOf(dump);
  const runs: FrameRun[] = [];
  for (const [number, frame] of dump.frames.entries()) {
    const here = places[number] ?? [];
    const run = runs.at(-1);
    const step = run === undefined ? null : stepTo(run, frame, here);
    if (run === undefined || step === null) {
      runs.push({ first: number, count: 1, frame, step: null, places: here });
    } else {
      run.count++;
      run.step = step;
    }
  }
  return runs;
}

function placesOf({ frames, procs }: Dump): Place[][] {
  const places = frames.map((): Place[] => []);
  for (const { name, pages } of procs) {
    for (const [page, frame, count = 1] of pages) {
      if (frame === ZERO_FRAME) continue;
      for (let i = 0; i < count; i++) places[frame + i]?.push({ process: name, page: page + i });
    }
  }
  return places;
}

/** What the next frame's word adds to that of the last one of a run, 0 or 1; null if it begins a run of its own. */
function stepTo(run: FrameRun, frame: DumpFrame, places: readonly Place[]): number | null {
  const [mapcount, flags, word] = run.frame;
  if (frame[0] !== mapcount || frame[1] !== flags || places.length !== run.places.length) {
    return null;
  }
  const step = run.step ?? frame[2] - word;
  if ((step !== 0 && step !== 1) || frame[2] !== word + step * run.count) return null;
  const continues = places.every(({ process, page }, i) => {
    const before = run.places[i];
    return before?.process === process && before.page + run.count === page;
  });
  return continues ? step : null;
}

/** The places of one frame; those that follow each other are told together. */
function foldedPlaces(places: readonly Place[]): string[] {
  const runs: { readonly place: Place; count: number }[] = [];
  for (const place of places) {
    const run = runs.at(-1);
    if (run?.place.process === place.process && run.place.page + run.count === place.page) {
      run.count++;
    } else {
      runs.push({ place, count: 1 });
    }
  }
  return runs.map(({ place, count }) => placeInWords(place, count));
}

function placeInWords({ process, page }: Place, count: number): string {
  return `${process} ${span(page, count)}`;
}

/** "3", or "3-5". */
export function span(first: number, count: number): string {
  return count === 1 ? `${first}` : `${first}-${first + count - 1}`;
}
