import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { formatCount } from "./numbers.js";

/** One measured point. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  /** Ends of the whisker through the point. */
  readonly low?: number;
  readonly high?: number;
  /** Drawn as a ring: fewer measurements are behind it. */
  readonly hollow?: boolean;
}

/** One curve. */
export interface ChartLine {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  readonly dashed?: boolean;
  /** Ascending in x; all positive. */
  readonly points: readonly ChartPoint[];
}

/** A chart on two logarithmic axes. */
export interface LogChart {
  /** Read out in place of the picture. */
  readonly description: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** How a tick of the upright axis is written. */
  readonly yTick: (value: number) => string;
  readonly lines: readonly ChartLine[];
  /** A dashed upright at this x, with words beside it. */
  readonly mark?: { readonly x: number; readonly words: string };
}

const WIDTH = 560;
const HEIGHT = 340;
const MARGINS = { marginTop: 40, marginRight: 116, marginBottom: 44, marginLeft: 58 };
/** Names of curves stand at least this many pixels apart. */
const NAME_HEIGHT = 16;
/** Labels of the lower axis stand at least this many pixels apart. */
const LABEL_WIDTH = 46;

/** Draws the chart as one SVG element, as text: no script, nothing to load, colours of the page around it. */
export function logChart(chart: LogChart): string {
  const points = chart.lines.flatMap((line) => line.points);
  const xDomain = spread(points.map((point) => point.x));
  const yDomain = spread(points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]));
  const { document } = parseHTML("<!doctype html><html><body></body></html>");
  const svg = Plot.plot({
    document,
    className: "chart",
    ariaLabel: chart.description,
    width: WIDTH,
    height: HEIGHT,
    ...MARGINS,
    style: {
      background: "none",
      color: "inherit",
      fontFamily: "system-ui, sans-serif",
      fontSize: "12px",
      overflow: "visible",
    },
    x: { type: "log", domain: xDomain },
    y: { type: "log", domain: yDomain },
    marks: [
      Plot.gridY(decades(yDomain), { stroke: "currentColor", strokeOpacity: 0.13 }),
      ...axes(chart, xDomain, yDomain),
      ...(chart.mark === undefined ? [] : uprightMarks(chart.mark, xDomain)),
      ...chart.lines.flatMap(curveMarks),
      ...nameMarks(chart.lines, yDomain),
    ],
  });
  svg.setAttribute("role", "img");
  return svg.outerHTML;
}

type Domain = readonly [number, number];

function axes(chart: LogChart, xDomain: Domain, yDomain: Domain): Plot.Markish[] {
  const measured = chart.lines.flatMap((line) => line.points.map((point) => point.x));
  return [
    Plot.axisX(roomy(measured, xDomain), {
      text: formatCount,
      label: chart.xLabel,
      labelAnchor: "right",
      labelArrow: "none",
    }),
    Plot.ruleY([yDomain[0]], { strokeOpacity: 0.5 }),
    Plot.axisY(decades(yDomain), {
      text: chart.yTick,
      tickSize: 0,
      label: chart.yLabel,
      labelArrow: "none",
      labelOffset: MARGINS.marginLeft - 4,
    }),
  ];
}

function curveMarks(line: ChartLine): Plot.Markish[] {
  const points = [...line.points];
  const at = { x: "x", y: "y", stroke: line.color };
  return [
    Plot.line(points, {
      ...at,
      strokeWidth: 2,
      ...(line.dashed === true ? { strokeDasharray: "5 4" } : {}),
    }),
    Plot.ruleX(
      points.filter((point) => point.low !== undefined),
      { x: "x", y1: "low", y2: "high", stroke: line.color, strokeOpacity: 0.6 },
    ),
    Plot.dot(points, {
      ...at,
      r: 3.5,
      strokeWidth: 1.75,
      fill: (point: ChartPoint) => (point.hollow === true ? "var(--page, white)" : line.color),
    }),
  ];
}

/** The name of each curve at its right end, moved apart where two ends meet. */
function nameMarks(lines: readonly ChartLine[], yDomain: Domain): Plot.Markish[] {
  const ends = lines.flatMap((line) => {
    const end = line.points.at(-1);
    return end === undefined ? [] : [{ line, end, pixel: pixelOf(end.y, yDomain) }];
  });
  let above = -Infinity;
  return ends
    .sort((a, b) => a.pixel - b.pixel)
    .map(({ line, end, pixel }) => {
      const place = Math.max(pixel, above + NAME_HEIGHT);
      above = place;
      return Plot.text([end], {
        x: "x",
        y: "y",
        dx: 10,
        dy: place - pixel,
        text: () => line.name,
        textAnchor: "start",
        fill: line.color,
        fontWeight: 600,
      });
    });
}

function uprightMarks(mark: NonNullable<LogChart["mark"]>, xDomain: Domain): Plot.Markish[] {
  const x = Math.min(Math.max(mark.x, xDomain[0]), xDomain[1]);
  return [
    Plot.ruleX([x], { strokeDasharray: "2 3", strokeOpacity: 0.7 }),
    Plot.text([x], {
      x: (value: number) => value,
      frameAnchor: "top",
      dx: 6,
      dy: 2,
      textAnchor: "start",
      text: () => mark.words,
      fill: "currentColor",
    }),
  ];
}

function pixelOf(y: number, [low, high]: Domain): number {
  const part = Math.log(y / low) / Math.log(high / low);
  return (1 - part) * (HEIGHT - MARGINS.marginTop - MARGINS.marginBottom);
}

/** From a little below the smallest value to a little above the largest, so that no point sits on an edge. */
function spread(values: readonly number[]): Domain {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max((high / low) ** 0.04, low === high ? 2 : 1.05);
  return [low / room, high * room];
}

/** Powers of ten within the domain; with 2 and 5 between where there are fewer than three. */
function decades([low, high]: Domain): number[] {
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) powers.push(power);
  const whole = powers.map((power) => 10 ** power).filter((value) => value >= low);
  if (whole.length >= 3) return whole;
  return powers
    .flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power))
    .filter((value) => value >= low && value <= high);
}

/** The distinct values that have room for their labels, the largest always among them. */
function roomy(values: readonly number[], [low, high]: Domain): number[] {
  const width = WIDTH - MARGINS.marginLeft - MARGINS.marginRight;
  const kept: number[] = [];
  for (const value of [...new Set(values)].sort((a, b) => b - a)) {
    const before = kept.at(-1);
    const gap = (width * Math.log((before ?? Infinity) / value)) / Math.log(high / low);
    if (gap >= LABEL_WIDTH) kept.push(value);
  }
  return kept;
}
