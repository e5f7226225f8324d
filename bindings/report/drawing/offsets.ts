// VMAs on an axis of page offsets: what a walk asks for, which VMAs it is handed, and which one has the page.

import type { Handed, OffsetsPicture } from "../../labs/picture.js";
import { formatCount } from "../numbers.js";
import { box, type Drawn, heading, lines, MARGIN, stroke, text, WIDTH } from "./svg.js";

type Panel = OffsetsPicture["panels"][number];

const LEFT = MARGIN + 4;
const ROOM = WIDTH - 2 * MARGIN - 8;
const VMA = 34;
const PAGE = 12;
/** Words need about so much room for each character. */
const CHARACTER = 6.4;

const KINDS: Readonly<Record<Handed, string>> = {
  no: "panel",
  found: "box",
  "in vain": "box",
  wrong: "bad",
};

/** Draws the panels below each other. */
export function drawOffsets({ title, panels }: OffsetsPicture): Drawn {
  const top = heading(title);
  const parts = [top.svg];
  let y = top.bottom + 12;
  for (const panel of panels) {
    const drawn = drawPanel(panel, y);
    parts.push(drawn.svg);
    y = drawn.bottom + 26;
  }
  return { svg: parts.join("\n"), bottom: y - 26 };
}

function drawPanel(panel: Panel, top: number): Drawn {
  const { title, length, vmas, page, asked, end, isWrong } = panel;
  const xOf = (offset: number): number => LEFT + (offset / length) * ROOM;
  const name = lines(title, { x: MARGIN, y: top + 12, width: WIDTH - 2 * MARGIN, kind: "name" });
  const parts = [name.svg];
  const rowTop = name.bottom + 30;
  const row = { y: rowTop, height: VMA };
  for (const { first, end: last, handed, words } of vmas) {
    const x = xOf(first) + 1;
    const width = Math.max(xOf(last) - xOf(first) - 2, 1);
    parts.push(box({ ...row, x, width }, KINDS[handed]));
    if (words !== undefined) {
      const kind = handed === "wrong" ? "wrong" : handed === "found" ? "name" : "soft";
      parts.push(text(words, x + width / 2, rowTop + 14, kind, "middle"));
    }
  }
  parts.push(pageOf(page, xOf, rowTop), ...question(asked, xOf, rowTop));
  const axis = rowTop + VMA + 12;
  parts.push(...ticks(panel, xOf, axis));
  const last = lines(end, {
    ...{ x: MARGIN, y: axis + 20, width: WIDTH - 2 * MARGIN },
    kind: isWrong ? "wrong" : "",
  });
  return { svg: [...parts, last.svg].join("\n"), bottom: last.bottom };
}

function pageOf(
  { first, end }: Panel["page"],
  xOf: (offset: number) => number,
  top: number,
): string {
  const x = xOf(first) + 4;
  const width = Math.max(xOf(end) - xOf(first) - 8, 1);
  const y = top + VMA - PAGE - 4;
  const wide = width > 60;
  return [
    box({ x, y, width, height: PAGE }, "f1", 2),
    wide
      ? `<g style="--ink: var(--page)">${text("the page", x + width / 2, y + 10, "small", "middle")}</g>`
      : "",
  ].join("");
}

/** An arrow from above to the offset. */
function question(
  asked: number | undefined,
  xOf: (offset: number) => number,
  rowTop: number,
): string[] {
  if (asked === undefined)
    return [text("the list hands out every VMA", MARGIN, rowTop - 10, "soft")];
  const x = xOf(asked);
  const words = `the walk asks for offset ${formatCount(asked)}`;
  const isLeft = x + 12 + words.length * CHARACTER > WIDTH - MARGIN;
  return [
    `<g stroke-width="2">`,
    stroke(x, rowTop - 22, x, rowTop - 2, "s0"),
    stroke(x, rowTop - 2, x - 4, rowTop - 9, "s0"),
    stroke(x, rowTop - 2, x + 4, rowTop - 9, "s0"),
    "</g>",
    text(words, isLeft ? x - 9 : x + 9, rowTop - 12, "", isLeft ? "end" : "start"),
  ];
}

function ticks({ length, every }: Panel, xOf: (offset: number) => number, y: number): string[] {
  const count = Math.floor(length / every) + 1;
  return Array.from({ length: count }, (_, i) => {
    const offset = i * every;
    const anchor = offset === 0 ? "start" : offset === length ? "end" : "middle";
    return text(formatCount(offset), xOf(offset), y, "soft small", anchor);
  });
}
