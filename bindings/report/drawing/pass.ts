// A walk that goes from VMA to VMA, from left to right, while entries move between them; time goes downwards.

import type { LookStep, MoveStep, PassPicture, PassPictureStep } from "../../labs/picture.js";
import { wrapWords } from "../line-wrap.js";
import {
  box,
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

type Panel = PassPicture["panels"][number];

const BETWEEN = 30;
/** Narrower ones are too narrow for words: panels go on in another row. */
const LEAST_PANEL = 200;
const HEAD = 38;
const PAD = 6;
const GAP = 10;
/** Free on both sides of a VMA's boxes. */
const SIDE = 4;
const HEAD_LENGTH = 7;

/** Where a panel's columns are. */
interface Columns {
  readonly x: number;
  readonly width: number;
  readonly column: number;
}

/** Draws the panels in rows. */
export function drawPass({ title, panels }: PassPicture): Drawn {
  const top = heading(title);
  const room = WIDTH - 2 * MARGIN;
  const most = Math.floor((room + BETWEEN) / (LEAST_PANEL + BETWEEN));
  const rows = Math.ceil(panels.length / most);
  const across = Math.ceil(panels.length / rows);
  const width = (room - BETWEEN * (across - 1)) / across;
  const parts = [top.svg];
  let y = top.bottom + 12;
  for (let first = 0; first < panels.length; first += across) {
    const row = panels.slice(first, first + across);
    const titles = row.map((panel) => wrapWords(panel.title, fitting(width)).length);
    const drawn = row.map((panel, i) =>
      drawPanel(panel, MARGIN + i * (width + BETWEEN), y, width, Math.max(...titles)),
    );
    parts.push(...drawn.map(({ svg }) => svg));
    y = Math.max(...drawn.map(({ bottom }) => bottom)) + 26;
  }
  return { svg: parts.join("\n"), bottom: y - 26 };
}

/** @param titleLines room for the title, so that all panels of a row begin at one height */
function drawPanel(panel: Panel, x: number, top: number, width: number, titleLines: number): Drawn {
  const { title, vmas, steps, end, isWrong } = panel;
  const name = lines(title, { x, y: top + 12, width, kind: "name" });
  const columns: Columns = { x, width, column: width / Math.max(vmas.length, 1) };
  const front = [
    name.svg,
    text("the walk, from left to right", x, top + titleLines * LINE + 14, "soft small"),
  ];
  const headTop = top + titleLines * LINE + 20;
  for (const [i, { name: vma, role }] of vmas.entries()) {
    const place = { x: leftOf(columns, i), y: headTop, width: boxWidth(columns), height: HEAD };
    front.push(
      box(place, "panel"),
      text(role, middleOf(columns, i), headTop + 16, "name", "middle"),
      text(vma, middleOf(columns, i), headTop + 31, "small", "middle"),
    );
  }
  let y = headTop + HEAD + GAP;
  for (const step of steps) {
    const drawn = drawStep(step, columns, y);
    front.push(drawn.svg);
    y = drawn.bottom + GAP;
  }
  const back = vmas.map((_, i) => {
    const middle = middleOf(columns, i);
    return stroke(middle, headTop + HEAD, middle, y, "rule");
  });
  const last = lines(end, { x, y: y + 14, width, kind: isWrong ? "wrong" : "name" });
  return { svg: [...back, ...front, last.svg].join("\n"), bottom: last.bottom };
}

function drawStep(step: PassPictureStep, columns: Columns, y: number): Drawn {
  if ("at" in step) return drawLook(step, columns, y);
  if ("from" in step) return drawMove(step, columns, y);
  const waits = middleLines(step.words, columns.x + columns.width / 2, y + 11, columns.width);
  return { svg: waits.svg, bottom: waits.bottom };
}

function drawLook({ at, words, isWrong }: LookStep, columns: Columns, y: number): Drawn {
  const width = boxWidth(columns);
  const all = wrapWords(words, fitting(width - 2 * PAD));
  const height = all.length * LINE + PAD;
  const x = leftOf(columns, at);
  const svg = [
    box({ x, y, width, height }, isWrong ? "bad" : "box"),
    ...all.map((line, i) => text(line, middleOf(columns, at), y + 15 + i * LINE, "", "middle")),
  ];
  return { svg: svg.join("\n"), bottom: y + height };
}

function drawMove({ from, to, words }: MoveStep, columns: Columns, y: number): Drawn {
  const label = middleLines(words, columns.x + columns.width / 2, y + 11, columns.width);
  const base = label.bottom + 4;
  const [start, end] = [middleOf(columns, from), middleOf(columns, to)];
  const back = end > start ? -HEAD_LENGTH : HEAD_LENGTH;
  const svg = [
    label.svg,
    thick(start, base, end, base),
    thick(end, base, end + back, base - HEAD_LENGTH + 2),
    thick(end, base, end + back, base + HEAD_LENGTH - 2),
  ];
  return { svg: svg.join("\n"), bottom: base + 4 };
}

function thick(x1: number, y1: number, x2: number, y2: number): string {
  return `<g stroke-width="2">${stroke(x1, y1, x2, y2, "s1")}</g>`;
}

/** Text in the middle of a panel, in as many lines as it needs, over the lines of time. */
function middleLines(words: string, x: number, y: number, width: number): Drawn {
  const all = wrapWords(words, fitting(width));
  const widest = Math.max(...all.map((line) => line.length)) * 6.4 + 8;
  const behind = box(
    { x: x - widest / 2, y: y - 12, width: widest, height: all.length * LINE },
    "page",
    0,
  );
  const svg = all.map((line, i) => text(line, x, y + i * LINE, "", "middle"));
  return { svg: [behind, ...svg].join("\n"), bottom: y + (all.length - 1) * LINE + 5 };
}

function leftOf({ x, column }: Columns, place: number): number {
  return x + place * column + SIDE;
}

function middleOf({ x, column }: Columns, place: number): number {
  return x + (place + 0.5) * column;
}

function boxWidth({ column }: Columns): number {
  return column - 2 * SIDE;
}
