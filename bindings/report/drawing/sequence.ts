// Actors as columns, time downwards: what each does, and the locks that it holds meanwhile.

import type { SequencePicture, SequenceStep } from "../../labs/picture.js";
import { wrapWords } from "../line-wrap.js";
import {
  box,
  COLORS,
  type Drawn,
  fitting,
  heading,
  LINE,
  lines,
  MARGIN,
  stroke,
  text,
  WIDTH,
} from "./svg.js";

type Panel = SequencePicture["panels"][number];

/** Columns that are narrower put the panels below each other. */
const LEAST_COLUMN = 148;
const BETWEEN = 24;
const HEAD = 24;
/** Width of a lock's bar, with what is free beside it. */
const LOCK = 9;
const PAD = 6;

/** Draws the panels beside each other where there is room, else below each other. */
export function drawSequence({ title, panels }: SequencePicture): Drawn {
  const top = heading(title);
  const locks = [
    ...new Set(panels.flatMap(({ steps }) => steps.flatMap(({ takes }) => takes ?? []))),
  ];
  const legend = drawLegend(locks, top.bottom + 8);
  const widest = Math.max(...panels.map(({ actors }) => actors.length));
  const all = WIDTH - 2 * MARGIN;
  const narrow = (all - BETWEEN * (panels.length - 1)) / panels.length;
  const beside = narrow / widest >= LEAST_COLUMN;
  const parts = [top.svg, legend.svg];
  let y = legend.bottom + 10;
  let bottom = y;
  for (const [i, panel] of panels.entries()) {
    const x = beside ? MARGIN + i * (narrow + BETWEEN) : MARGIN;
    const drawn = drawPanel(panel, locks, x, y, beside ? narrow : all);
    parts.push(drawn.svg);
    bottom = Math.max(bottom, drawn.bottom);
    if (!beside) y = drawn.bottom + BETWEEN;
  }
  return { svg: parts.join("\n"), bottom };
}

function drawLegend(locks: readonly string[], y: number): Drawn {
  if (locks.length === 0) return { svg: "", bottom: y };
  const parts: string[] = [text("held:", MARGIN, y + 10, "soft")];
  let x = MARGIN + 40;
  for (const [i, lock] of locks.entries()) {
    parts.push(
      box({ x, y, width: 6, height: 12 }, `f${i % COLORS}`, 1),
      text(lock, x + 11, y + 10),
    );
    x += 34 + lock.length * 6.7;
  }
  return { svg: parts.join("\n"), bottom: y + 14 };
}

function drawPanel(
  panel: Panel,
  locks: readonly string[],
  x: number,
  top: number,
  width: number,
): Drawn {
  const { title, actors, steps, end, isWrong } = panel;
  const name = lines(title, { x, y: top + 12, width, kind: "name" });
  const column = width / actors.length;
  const columnOf = (actor: string): number => x + Math.max(actors.indexOf(actor), 0) * column;
  const headTop = name.bottom + 6;
  const front: string[] = [name.svg];
  for (const actor of actors) {
    const place = { x: columnOf(actor), y: headTop, width: column - 8, height: HEAD };
    front.push(
      box(place, "panel"),
      text(actor, place.x + place.width / 2, headTop + 16, "name", "middle"),
    );
  }
  let y = headTop + HEAD + 10;
  const bars = new LockBars(locks, columnOf);
  for (const step of steps) {
    const left = columnOf(step.actor) + LOCK * Math.max(locks.length, 1);
    const drawn = drawStep(step, left, y, columnOf(step.actor) + column - 8 - left);
    bars.take(step, y);
    front.push(drawn.svg, ...arrow(step, columnOf, column, (y + drawn.bottom) / 2));
    y = drawn.bottom + 8;
    bars.drop(step, drawn.bottom);
  }
  const back = actors.map((actor) => {
    const middle = columnOf(actor) + column / 2 - 4;
    return stroke(middle, headTop + HEAD, middle, y, "rule");
  });
  bars.end(y);
  const last =
    end === undefined
      ? { svg: "", bottom: y }
      : lines(end, { x, y: y + 14, width, kind: isWrong ? "wrong" : "name" });
  return { svg: [...back, ...bars.drawn, ...front, last.svg].join("\n"), bottom: last.bottom };
}

function drawStep({ words, isWrong }: SequenceStep, x: number, y: number, width: number): Drawn {
  const all = wrapWords(words, fitting(width - 2 * PAD));
  const height = all.length * LINE + PAD;
  const svg = [
    box({ x, y, width, height }, isWrong ? "bad" : "box"),
    ...all.map((line, i) => text(line, x + PAD, y + 15 + i * LINE)),
  ];
  return { svg: svg.join("\n"), bottom: y + height };
}

function arrow(
  { actor, to }: SequenceStep,
  columnOf: (actor: string) => number,
  column: number,
  y: number,
): string[] {
  if (to === undefined || to === actor) return [];
  const from = columnOf(actor);
  const target = columnOf(to) + column / 2 - 4;
  const start = target > from ? from + column - 8 : from;
  const back = target > from ? -6 : 6;
  return [
    stroke(start, y, target, y, "edge"),
    stroke(target, y, target + back, y - 4, "edge"),
    stroke(target, y, target + back, y + 4, "edge"),
  ];
}

/** A bar for each lock that an actor holds, from the step that takes it to the one that gives it back. */
class LockBars {
  readonly drawn: string[] = [];
  readonly #held = new Map<string, { actor: string; lock: string; from: number }>();

  constructor(
    private readonly locks: readonly string[],
    private readonly columnOf: (actor: string) => number,
  ) {}

  take({ actor, takes = [] }: SequenceStep, y: number): void {
    for (const lock of takes) {
      const key = `${actor} ${lock}`;
      if (!this.#held.has(key)) this.#held.set(key, { actor, lock, from: y });
    }
  }

  drop({ actor, drops = [] }: SequenceStep, y: number): void {
    for (const lock of drops) this.#finish(`${actor} ${lock}`, y);
  }

  end(y: number): void {
    for (const key of [...this.#held.keys()]) this.#finish(key, y);
  }

  #finish(key: string, y: number): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    const which = this.locks.indexOf(held.lock);
    const x = this.columnOf(held.actor) + which * LOCK;
    this.drawn.push(
      box({ x, y: held.from, width: 6, height: y - held.from }, `f${which % COLORS}`, 1),
    );
  }
}
