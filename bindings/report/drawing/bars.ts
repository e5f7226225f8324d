// Counts of several sides, as bars from left to right.

import type { BarsPicture } from "../../labs/picture.js";
import { formatMean } from "../numbers.js";
import { box, COLORS, type Drawn, heading, lines, MARGIN, text, WIDTH } from "./svg.js";

const BAR = 18;
const PITCH = 24;
const MOST_NAME = 260;
/** For the count at a bar's end. */
const COUNT_WIDTH = 90;

/** Draws the counts; equal names have equal colours. */
export function drawBars({ title, unit, log, groups }: BarsPicture): Drawn {
  const top = heading(title);
  const parts = [top.svg];
  const scale = log === true ? `${unit}, logarithmic` : unit;
  parts.push(text(scale, MARGIN, top.bottom + 16, "soft"));
  let y = top.bottom + 34;
  const bars = groups.flatMap((group) => group.bars);
  const names = [...new Set(bars.map(({ name }) => name))];
  const longest = bars.reduce((most, { name }) => Math.max(most, name.length), 0);
  const nameWidth = Math.min(longest * 7 + 12, MOST_NAME);
  const room = WIDTH - 2 * MARGIN - nameWidth - COUNT_WIDTH;
  const counts = (some: typeof groups): number[] =>
    some.flatMap((group) => group.bars.map(({ count }) => count));
  const common = lengths(
    counts(groups.filter((group) => group.unit === undefined)),
    room,
    log === true,
  );
  for (const group of groups) {
    const length = group.unit === undefined ? common : lengths(counts([group]), room, false);
    const name = lines(group.title, {
      x: MARGIN,
      y: y + 12,
      width: WIDTH - 2 * MARGIN,
      kind: "name",
    });
    parts.push(name.svg);
    y = name.bottom + 6;
    if (group.unit !== undefined) {
      parts.push(text(group.unit, MARGIN, y + 8, "soft"));
      y += 16;
    }
    for (const { name: side, count } of group.bars) {
      const width = length(count);
      const x = MARGIN + nameWidth;
      parts.push(
        text(side, x - 8, y + 13, "", "end"),
        box(
          { x, y, width: Math.max(width, 1.5), height: BAR },
          `f${names.indexOf(side) % COLORS}`,
          2,
        ),
        text(formatMean(count), x + width + 8, y + 13, "name"),
      );
      y += PITCH;
    }
    y += 10;
  }
  return { svg: parts.join("\n"), bottom: y - 10 };
}

/** From a count to the length of its bar; logarithmic ones begin at half of the least count. */
function lengths(counts: readonly number[], room: number, log: boolean): (count: number) => number {
  const most = Math.max(...counts, 1e-9);
  if (!log) return (count) => (Math.max(count, 0) / most) * room;
  const least = Math.min(...counts.filter((count) => count > 0), most) / 2;
  return (count) => (count <= 0 ? 0 : (Math.log(count / least) / Math.log(most / least)) * room);
}
