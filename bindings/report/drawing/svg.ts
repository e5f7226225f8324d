// The pieces that every drawing is made of. A drawing is one SVG file: text as text, no script, nothing to load, colours
// for light and dark.

import { wrapWords } from "../line-wrap.js";

/** Width of every drawing in pixels. */
export const WIDTH = 960;
/** Free on all sides. */
export const MARGIN = 20;
/** From one line of text to the next. */
export const LINE = 16;
/** Room that a character takes at most, on average. */
const CHARACTER = 6.7;

/** A part of a drawing, and where it ends below. */
export interface Drawn {
  readonly svg: string;
  readonly bottom: number;
}

/** Places and sizes of a rectangle. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const STYLE = `
svg { --page: #fff; --ink: #1f1d1b; --soft: #6b655e; --line: #d8d3cc; --panel: #f5f3f0;
  --wrong: #b91c1c; --wrong-page: #fef2f2; --c0: #c2410c; --c1: #0f766e; --c2: #6d28d9; --c3: #a16207; }
@media (prefers-color-scheme: dark) {
  svg { --page: #171614; --ink: #ebe6e1; --soft: #a29c94; --line: #45413c; --panel: #24221f;
    --wrong: #f87171; --wrong-page: #3b1a1a; --c0: #fb923c; --c1: #2dd4bf; --c2: #c4b5fd; --c3: #facc15; }
}
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: var(--ink); }
.head { font-size: 15px; font-weight: 600; } .name { font-weight: 600; } .soft { fill: var(--soft); }
.wrong { fill: var(--wrong); font-weight: 600; } .small { font-size: 10.5px; }
.page { fill: var(--page); } .panel { fill: var(--panel); } .box { fill: var(--page); stroke: var(--soft); }
.bad { fill: var(--wrong-page); stroke: var(--wrong); } .rule { stroke: var(--line); } .edge { stroke: var(--soft); }
.edge-bad { stroke: var(--wrong); stroke-width: 1.75; }
${[0, 1, 2, 3].map((i) => `.f${i} { fill: var(--c${i}); } .s${i} { stroke: var(--c${i}); fill: none; }`).join("\n")}
`.trim();

/** Colours that tell sides, lines and locks apart. */
export const COLORS = 4;

/** A whole file. */
export function svgFile(title: string, { svg, bottom }: Drawn): string {
  const height = Math.ceil(bottom + MARGIN);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}"/>`,
    svg,
    "</svg>",
  ].join("\n")}\n`;
}

/** A drawing's heading; what comes next starts below it. */
export function heading(title: string): Drawn {
  return lines(title, { x: MARGIN, y: MARGIN + 12, width: WIDTH - 2 * MARGIN, kind: "head" });
}

/** Characters that fit into a width. */
export function fitting(width: number): number {
  return Math.max(Math.floor(width / CHARACTER), 4);
}

/** Text in one line. */
export function text(
  words: string,
  x: number,
  y: number,
  kind = "",
  anchor: "start" | "middle" | "end" = "start",
): string {
  const anchored = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${round(x)}" y="${round(y)}"${kind && ` class="${kind}"`}${anchored}>${escaped(words)}</text>`;
}

/** Text in as many lines as it needs; `y` is the base of the first. */
export function lines(
  words: string,
  { x, y, width, kind = "" }: { x: number; y: number; width: number; kind?: string },
): Drawn {
  const scale = kind === "head" ? 1.2 : 1;
  const all = wrapWords(words, fitting(width / scale));
  const svg = all.map((line, i) => text(line, x, y + i * LINE * scale, kind)).join("\n");
  return { svg, bottom: y + (all.length - 1) * LINE * scale + 5 };
}

/** A rectangle with round corners. */
export function box({ x, y, width, height }: Box, kind: string, rounding = 3): string {
  const place = `x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"`;
  return `<rect class="${kind}" ${place} rx="${rounding}"/>`;
}

/** A straight line. */
export function stroke(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line class="${kind}" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
}

/** A line through points. */
export function path(
  points: readonly (readonly [number, number])[],
  kind: string,
  dash = "",
): string {
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  return `<path class="${kind}" d="${d}" stroke-width="2"${dash && ` stroke-dasharray="${dash}"`}/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
