// Numbers that change with time, one chart for each, and below them who has the token.

import type { TimelinePicture } from "../../labs/picture.js";
import { box, COLORS, type Drawn, heading, MARGIN, path, stroke, text, WIDTH } from "./svg.js";

const NAME_WIDTH = 110;
const ROW = 84;
const STRIP = 22;

/** Draws a row for each line, all over the same moments. */
export function drawTimeline(picture: TimelinePicture): Drawn {
  const { title, unit, lines, holder = [], held = "token" } = picture;
  const top = heading(title);
  const count = Math.max(...lines.map(({ values }) => values.length), holder.length, 2);
  const left = MARGIN + NAME_WIDTH;
  const width = WIDTH - MARGIN - left - 8;
  const xOf = (moment: number): number => left + (moment / (count - 1)) * width;
  const most = Math.max(...lines.flatMap(({ values }) => values), 1);
  const parts = [top.svg];
  let y = top.bottom + 18;
  for (const [i, { name, values }] of lines.entries()) {
    const base = y + ROW - 20;
    const yOf = (value: number): number => base - (value / most) * (ROW - 32);
    const points = values.flatMap((value, moment): [number, number][] => {
      const last = values[moment - 1];
      const here: [number, number] = [xOf(moment), yOf(value)];
      return last === undefined || last === value ? [here] : [[xOf(moment), yOf(last)], here];
    });
    parts.push(
      text(name, MARGIN, base - 8, "name"),
      text(`${most}`, left - 6, yOf(most) + 4, "soft small", "end"),
      text("0", left - 6, base + 4, "soft small", "end"),
      stroke(left, base, left + width, base, "rule"),
      path(points, `s${i % COLORS}`),
    );
    y += ROW;
  }
  const names = lines.map(({ name }) => name);
  if (holder.length > 0) {
    parts.push(text(`has the ${held}`, MARGIN, y + 15, "name"), ...strip(holder, names, xOf, y));
    y += STRIP + 12;
  }
  parts.push(...axis(count, unit, xOf, y));
  return { svg: parts.join("\n"), bottom: y + 20 };
}

function strip(
  holder: readonly (string | null)[],
  names: readonly string[],
  xOf: (moment: number) => number,
  y: number,
): string[] {
  const parts: string[] = [];
  for (let from = 0; from < holder.length;) {
    const who = holder[from] ?? null;
    let to = from + 1;
    while (to < holder.length && holder[to] === who) to++;
    const x = xOf(from);
    const width = xOf(Math.min(to, holder.length - 1)) - x;
    if (who !== null && width > 0) {
      parts.push(
        box({ x, y, width, height: STRIP }, `f${Math.max(names.indexOf(who), 0) % COLORS}`, 0),
      );
      if (width > who.length * 8 + 8) {
        parts.push(
          `<g style="--ink: var(--page)">${text(who, x + width / 2, y + 15, "name", "middle")}</g>`,
        );
      }
    }
    from = to;
  }
  return parts;
}

function axis(count: number, unit: string, xOf: (moment: number) => number, y: number): string[] {
  const step = 10 ** Math.max(Math.floor(Math.log10(count / 2)), 0);
  const every = count / step > 10 ? step * 5 : step;
  const ticks = Array.from({ length: Math.floor((count - 1) / every) + 1 }, (_, i) => i * every);
  return [
    text(unit, MARGIN, y + 12, "soft"),
    ...ticks.map((tick) => text(`${tick}`, xOf(tick), y + 12, "soft", "middle")),
  ];
}
