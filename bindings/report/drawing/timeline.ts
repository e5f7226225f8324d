// Numbers that change with time, one chart below the other, and who has something meanwhile.

import type { Curve, TimelinePicture } from "../../labs/picture.js";
import { formatCount } from "../numbers.js";
import {
  box,
  COLORS,
  type Drawn,
  heading,
  lines,
  MARGIN,
  path,
  stroke,
  text,
  WIDTH,
} from "./svg.js";

type Panel = TimelinePicture["panels"][number];
type Chart = Panel["charts"][number];

/** For what stands to the left of charts, and for names of curves that end at their right. */
const LEFT = 110;
const RIGHT = 76;
const CHART = 96;
const STRIP = 22;
const BETWEEN = 26;
/** Names and marks that are closer to each other would overlap. */
const LEAST_APART = 13;
/** Room of a character. */
const CHARACTER = 6.4;

/** From a place in time to one in the drawing. */
type Scale = (time: number) => number;

/** Draws the panels below each other. */
export function drawTimeline({ title, panels }: TimelinePicture): Drawn {
  const top = heading(title);
  const parts = [top.svg];
  const names = namesOf(panels);
  const colorOf = (name: string): number => Math.max(names.indexOf(name), 0) % COLORS;
  let y = top.bottom + 10;
  for (const panel of panels) {
    const drawn = drawPanel(panel, y, colorOf);
    parts.push(drawn.svg);
    y = drawn.bottom + BETWEEN;
  }
  return { svg: parts.join("\n"), bottom: y - BETWEEN };
}

/** Names of curves that have a colour, those that hold something first. */
function namesOf(panels: readonly Panel[]): string[] {
  const holders = panels.flatMap((panel) => panel.holders?.spans ?? []);
  const curves = panels.flatMap(({ charts }) => charts.flatMap((chart) => chart.curves));
  const named = [...holders, ...curves.filter(({ isPale }) => isPale !== true)];
  return [...new Set(named.map(({ name }) => name))];
}

type ColorOf = (name: string) => number;

function drawPanel(
  { title, unit, end, holders, charts }: Panel,
  top: number,
  colorOf: ColorOf,
): Drawn {
  const left = MARGIN + LEFT;
  const width = WIDTH - MARGIN - RIGHT - left;
  const xOf: Scale = (time) => left + (time / Math.max(end, 1)) * width;
  const head = lines(title, { x: MARGIN, y: top + 12, width: WIDTH - 2 * MARGIN, kind: "name" });
  const parts = [head.svg];
  let y = head.bottom + 8;
  if (holders !== undefined) {
    parts.push(...drawHolders(holders, xOf, y, colorOf));
    y += STRIP + 8;
  }
  for (const chart of charts) {
    const drawn = drawChart(chart, xOf, y, colorOf);
    parts.push(drawn.svg);
    y = drawn.bottom + 8;
  }
  parts.push(...axis(unit, end, xOf, y));
  return { svg: parts.join("\n"), bottom: y + 16 };
}

function drawHolders(
  { title, spans }: NonNullable<Panel["holders"]>,
  xOf: Scale,
  y: number,
  colorOf: ColorOf,
): string[] {
  const drawn = spans.flatMap(({ name, from, to }) => {
    const x = xOf(from);
    const width = xOf(to) - x;
    const span = box({ x, y, width, height: STRIP }, `f${colorOf(name)}`, 0);
    if (width < name.length * CHARACTER + 6) return [span];
    const label = text(name, x + width / 2, y + 15, "name", "middle");
    return [span, `<g style="--ink: var(--page)">${label}</g>`];
  });
  return [
    ...lines(title, { x: MARGIN, y: y + 15, width: LEFT, kind: "soft" }).svg.split("\n"),
    ...drawn,
  ];
}

function drawChart(
  { title, curves, marks = [] }: Chart,
  xOf: Scale,
  top: number,
  colorOf: ColorOf,
): Drawn {
  const told = drawMarks(marks, xOf, top);
  const high = told.bottom + 8;
  const base = high + CHART;
  const most = Math.max(...curves.flatMap(({ points }) => points.map(([, value]) => value)), 1);
  const yOf = (value: number): number => base - (value / most) * CHART;
  const right = xOf(0) + (WIDTH - MARGIN - RIGHT - MARGIN - LEFT);
  const ends = apart(
    curves.map(({ points }) => points.at(-1) ?? [0, 0]).map(([x, y]) => [xOf(x), yOf(y)]),
  );
  const parts = [
    lines(title, { x: MARGIN, y: high + 12, width: LEFT - 44, kind: "soft" }).svg,
    text(formatCount(most), xOf(0) - 6, high + 4, "soft small", "end"),
    text("0", xOf(0) - 6, base + 4, "soft small", "end"),
    stroke(xOf(0), base, right, base, "rule"),
    ...told.lines.map((x) => stroke(x, told.bottom, x, base, "rule")),
    ...curves.flatMap((curve, i) => drawCurve(curve, xOf, yOf, colorOf, ends[i] ?? base)),
  ];
  return { svg: [told.svg, ...parts].join("\n"), bottom: base };
}

function drawCurve(
  { name, points, isPale }: Curve,
  xOf: Scale,
  yOf: (value: number) => number,
  colorOf: ColorOf,
  nameAt: number,
): string[] {
  const last = points.at(-1);
  if (last === undefined) return [];
  const places = points.map(([time, value]): [number, number] => [xOf(time), yOf(value)]);
  const ink = isPale === true ? "--soft" : `--c${colorOf(name)}`;
  const label = text(name, xOf(last[0]) + 6, nameAt + 4, "name");
  const line =
    isPale === true
      ? `<g fill="none">${path(places, "edge")}</g>`
      : path(places, `s${colorOf(name)}`);
  return [line, `<g style="--ink: var(${ink})">${label}</g>`];
}

/** Words above a chart, in as many rows as they need beside each other. */
function drawMarks(
  marks: NonNullable<Chart["marks"]>,
  xOf: Scale,
  top: number,
): Drawn & { readonly lines: readonly number[] } {
  const rows: number[] = [];
  const parts = marks.map(({ time, words }) => {
    const x = xOf(time);
    const free = rows.findIndex((taken) => taken < x);
    const row = free < 0 ? rows.length : free;
    rows[row] = x + words.length * CHARACTER + 8;
    return text(words, x, top + 12 + row * 15, "small");
  });
  return {
    svg: parts.join("\n"),
    bottom: top + (rows.length > 0 ? rows.length * 15 : 0),
    lines: marks.map(({ time }) => xOf(time)),
  };
}

/** Where names stand at the ends of curves: those beside each other as far apart as names need. */
function apart(ends: readonly (readonly [x: number, y: number])[]): number[] {
  const order = [...ends.keys()].sort((a, b) => (ends[a]?.[1] ?? 0) - (ends[b]?.[1] ?? 0));
  const moved = ends.map(([, y]) => y);
  for (const [place, i] of order.entries()) {
    const [x = 0, y = 0] = ends[i] ?? [];
    const above = order.slice(0, place).filter((j) => Math.abs((ends[j]?.[0] ?? 0) - x) < 24);
    moved[i] = Math.max(y, ...above.map((j) => (moved[j] ?? 0) + LEAST_APART));
  }
  return moved;
}

function axis(unit: string, end: number, xOf: Scale, y: number): string[] {
  const step = 10 ** Math.max(Math.floor(Math.log10(end / 2)), 0);
  const every = end / step > 10 ? step * 5 : step;
  const ticks = Array.from({ length: Math.floor(end / every) + 1 }, (_, i) => i * every);
  return [
    text(unit, MARGIN, y + 12, "soft"),
    ...ticks.map((tick) => text(formatCount(tick), xOf(tick), y + 12, "soft", "middle")),
  ];
}
