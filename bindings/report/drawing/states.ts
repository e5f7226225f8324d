// What holds after each step on both sides: a row a step, a lane for each thing that is looked at, side beside side.

import type { StatesPicture } from "../../labs/picture.js";
import { box, type Drawn, heading, lines, MARGIN, stroke, text, WIDTH } from "./svg.js";

type Panel = StatesPicture["panels"][number];
type Lane = Panel["lanes"][number];

const STEPS_WIDTH = 238;
const BETWEEN = 24;
const ROW = 24;
/** Where a row's first line of text stands. */
const BASE = 16;
const BAR = 12;
/** Free beside the words of a lane, in characters. */
const PAD = 2;

/** A lane's place. */
interface Place {
  readonly x: number;
  readonly width: number;
}

/** A row's place. */
interface Row {
  readonly top: number;
  readonly bottom: number;
}

/** Draws the steps on the left, and the panels beside each other. */
export function drawStates({ title, steps, panels }: StatesPicture): Drawn {
  const top = heading(title);
  const count = Math.max(panels.length, 1);
  const width = (WIDTH - 2 * MARGIN - STEPS_WIDTH - BETWEEN * count) / count;
  const placeOf = (i: number): number => MARGIN + STEPS_WIDTH + BETWEEN + i * (width + BETWEEN);
  const heads = panels.map((panel, i) => drawHead(panel, placeOf(i), top.bottom + 10, width));
  const drawn = drawSteps(steps, Math.max(...heads.map(({ bottom }) => bottom), top.bottom) + 6);
  const shown = panels.map((panel, i) => drawPanel(panel, drawn.rows, placeOf(i), width));
  return {
    svg: [top.svg, drawn.svg, ...heads.map(({ svg }) => svg), ...shown.map(({ svg }) => svg)].join(
      "\n",
    ),
    bottom: Math.max(drawn.bottom, ...shown.map(({ bottom }) => bottom)),
  };
}

function drawHead({ title, lanes }: Panel, x: number, top: number, width: number): Drawn {
  const places = placesOf(lanes, x, width);
  const names = lanes.map(({ name }, i) =>
    lines(name, { x: places[i]?.x ?? x, y: top + 32, width, kind: "soft" }),
  );
  return {
    svg: [text(title, x, top + 12, "name"), ...names.map(({ svg }) => svg)].join("\n"),
    bottom: Math.max(top + 32, ...names.map(({ bottom }) => bottom)),
  };
}

function drawSteps(steps: StatesPicture["steps"], top: number): Drawn & { readonly rows: Row[] } {
  const parts = [text("step", MARGIN, top - 11, "soft")];
  const rows: Row[] = [];
  let y = top;
  for (const { words, note } of steps) {
    const step = lines(words, { x: MARGIN, y: y + BASE, width: STEPS_WIDTH });
    const told = { x: MARGIN, y: step.bottom + 11, width: STEPS_WIDTH, kind: "soft" };
    const below = note === undefined ? step : lines(note, told);
    const bottom = Math.max(y + ROW, below.bottom + 3);
    parts.push(stroke(MARGIN, y, WIDTH - MARGIN, y, "rule"), step.svg);
    if (below !== step) parts.push(below.svg);
    rows.push({ top: y, bottom });
    y = bottom;
  }
  parts.push(stroke(MARGIN, y, WIDTH - MARGIN, y, "rule"));
  return { svg: parts.join("\n"), bottom: y, rows };
}

function drawPanel({ lanes, end, isWrong }: Panel, rows: readonly Row[], x: number, width: number) {
  const places = placesOf(lanes, x, width);
  const drawn = lanes.map((lane, i) => drawLane(lane, rows, places[i] ?? { x, width }));
  const bottom = rows.at(-1)?.bottom ?? 0;
  const told = { x, y: bottom + 20, width, kind: isWrong ? "wrong" : "name" };
  const last = end === undefined ? { svg: "", bottom } : lines(end, told);
  return { svg: [...drawn, last.svg].join("\n"), bottom: last.bottom };
}

/** Lanes share a panel by the words in them. */
function placesOf(lanes: readonly Lane[], x: number, width: number): Place[] {
  const words = lanes.map(({ name, values }) =>
    Math.max(name.length, ...values.map((value) => (typeof value === "string" ? value.length : 0))),
  );
  const all = words.reduce((sum, n) => sum + n + PAD, 0);
  let left = x;
  return words.map((n) => {
    const place = { x: left, width: ((n + PAD) / all) * width - 6 };
    left += place.width + 6;
    return place;
  });
}

function drawLane({ values, wrong }: Lane, rows: readonly Row[], { x, width }: Place): string {
  const back: string[] = [];
  const front: string[] = [];
  for (const [i, { top, bottom }] of rows.entries()) {
    const height = bottom - top;
    const value = values[i] ?? "";
    const isWrong = wrong.includes(i);
    if (isWrong) back.push(box({ x, y: top + 2, width, height: height - 4 }, "bad", 2));
    if (value === true) {
      // One bar for all rows in which it holds.
      const goesOn = values[i + 1] === true;
      const bar = { x: x + 8, y: top + 4, width: BAR, height: height + (goesOn ? 4 : -8) };
      front.push(box(bar, isWrong ? "f0" : "f1", 2));
    } else if (value !== false || isWrong) {
      const kind = isWrong ? "wrong" : value === values[i - 1] ? "soft" : "name";
      front.push(text(value === false ? "no" : value, x + 8, top + BASE, kind));
    }
  }
  return [...back, ...front].join("\n");
}
