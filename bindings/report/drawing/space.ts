// Processes with their VMAs and the pages that are there, and below them the frames that the pages lead to.

import type { SpacePicture } from "../../labs/picture.js";
import { type Dump, type DumpProcess, ZERO_FRAME } from "../../scenario/dump.js";
import { box, type Drawn, heading, lines, MARGIN, stroke, text, WIDTH } from "./svg.js";

type Panel = SpacePicture["panels"][number];

const BETWEEN = 28;
const CELL = 24;
const VMA_HEAD = 16;
/** Room for all flags of a dump: AMKLUSRD. */
const FRAME_WIDTH = 66;
const FRAME_HEIGHT = 36;
/** More pages than this of a VMA, and more frames, are counted. */
const MOST_CELLS = 8;

/** Where a frame's place in the row begins, by its number in the dump. */
type Places = ReadonlyMap<number, number>;

/** Draws the panels beside each other. */
export function drawSpace({ title, panels }: SpacePicture): Drawn {
  const top = heading(title);
  const count = Math.max(panels.length, 1);
  const width = (WIDTH - 2 * MARGIN - BETWEEN * (count - 1)) / count;
  const drawn = panels.map((panel, i) =>
    drawPanel(panel, MARGIN + i * (width + BETWEEN), top.bottom + 10, width),
  );
  return {
    svg: [top.svg, ...drawn.map(({ svg }) => svg)].join("\n"),
    bottom: drawn.reduce((most, { bottom }) => Math.max(most, bottom), top.bottom),
  };
}

/** A page's cell, of which an edge goes to its frame. */
interface Cell {
  readonly x: number;
  readonly y: number;
  readonly frame: number;
  readonly isMarked: boolean;
}

function drawPanel(
  { title, dump, note, marked = [] }: Panel,
  x: number,
  top: number,
  width: number,
): Drawn {
  const parts = [text(title, x, top + 12, "name")];
  const cells: Cell[] = [];
  let y = top + 24;
  for (const process of dump.procs) {
    const drawn = drawProcess(process, x, y, width, new Set(marked), cells);
    parts.push(drawn.svg);
    y = drawn.bottom + 14;
  }
  if (dump.procs.length === 0) parts.push(text("no living process", x, y + 12, "soft"));
  const frames = drawFrames(dump, cells, x, y + 44, width);
  const below = note === undefined ? null : lines(note, { x, y: frames.bottom + 20, width });
  const edges = cells.flatMap(({ x: from, y: above, frame, isMarked }) => {
    const to = frames.places.get(frame);
    return to === undefined
      ? []
      : [stroke(from, above, to, y + 44, isMarked ? "edge-bad" : "edge")];
  });
  return {
    svg: [...edges, ...parts, frames.svg, below?.svg ?? ""].join("\n"),
    bottom: below?.bottom ?? frames.bottom,
  };
}

function drawProcess(
  { name, parent, vmas, pages }: DumpProcess,
  x: number,
  top: number,
  width: number,
  marked: ReadonlySet<string>,
  cells: Cell[],
): Drawn {
  const origin = parent === null ? "" : `, child of ${parent}`;
  const parts = [text(`${name}${origin}`, x, top + 12, marked.has(name) ? "wrong" : "")];
  const single = pages.flatMap(([page, frame, count = 1]) =>
    Array.from({ length: Math.min(count, MOST_CELLS) }, (_, i) => ({
      page: page + i,
      frame: frame === ZERO_FRAME ? frame : frame + i,
    })),
  );
  let left = x;
  let y = top + 20;
  for (const [start, end, perms, file, pgoff, tags] of vmas) {
    const here = single.filter(({ page }) => page >= start && page < end);
    const shown = here.slice(0, MOST_CELLS);
    const label = [
      `${start}-${end}`,
      perms,
      file === null ? "" : `${file}:${pgoff}`,
      tags.includes("lo") ? "lo" : "",
    ]
      .filter((word) => word !== "")
      .join(" ");
    const boxWidth = Math.max(label.length * 6.7 + 10, shown.length * CELL + 8);
    if (left > x && left + boxWidth > x + width) {
      left = x;
      y += VMA_HEAD + CELL + 14;
    }
    const isMarked = marked.has(`${name} ${start}-${end}`);
    const height = VMA_HEAD + CELL + 6;
    parts.push(
      box({ x: left, y, width: boxWidth, height }, isMarked ? "bad" : "box"),
      text(label, left + 5, y + 12, "small"),
    );
    for (const [i, { page, frame }] of shown.entries()) {
      const cell = {
        x: left + 4 + i * CELL,
        y: y + VMA_HEAD + 2,
        width: CELL - 3,
        height: CELL - 3,
      };
      const isWrong = marked.has(`${name} ${page}`);
      parts.push(
        box(cell, isWrong ? "bad" : "panel", 2),
        text(
          frame === ZERO_FRAME ? "0" : `${page}`,
          cell.x + cell.width / 2,
          cell.y + 14,
          "small",
          "middle",
        ),
      );
      cells.push({ x: cell.x + cell.width / 2, y: cell.y + cell.height, frame, isMarked: isWrong });
    }
    left += boxWidth + 8;
  }
  const bottom = vmas.length === 0 ? y : y + VMA_HEAD + CELL + 6;
  if (vmas.length === 0) parts.push(text("nothing mapped", x + 60, top + 12, "soft"));
  return { svg: parts.join("\n"), bottom };
}

function drawFrames(
  { frames }: Dump,
  cells: readonly Cell[],
  x: number,
  y: number,
  width: number,
): Drawn & { readonly places: Places } {
  const used = [...new Set(cells.map(({ frame }) => frame))].filter(
    (frame) => frame !== ZERO_FRAME,
  );
  const room = Math.floor(width / (FRAME_WIDTH + 6));
  const shown = used.slice(0, room);
  const parts: string[] = [];
  const places = new Map<number, number>();
  for (const [i, number] of shown.entries()) {
    const left = x + i * (FRAME_WIDTH + 6);
    const [mapcount = 0, flags = ""] = frames[number] ?? [];
    places.set(number, left + FRAME_WIDTH / 2);
    const isMarked = cells.some((cell) => cell.frame === number && cell.isMarked);
    parts.push(
      box({ x: left, y, width: FRAME_WIDTH, height: FRAME_HEIGHT }, isMarked ? "bad" : "box"),
      text(`×${mapcount}`, left + FRAME_WIDTH / 2, y + 15, "name", "middle"),
      text(flags, left + FRAME_WIDTH / 2, y + 29, "small", "middle"),
    );
  }
  const more = used.length - shown.length;
  if (more > 0) parts.push(text(`and ${more} more`, x, y + FRAME_HEIGHT + 14, "soft"));
  if (shown.length === 0) parts.push(text("no frames", x, y + 14, "soft"));
  return { svg: parts.join("\n"), bottom: y + FRAME_HEIGHT + (more > 0 ? 18 : 0), places };
}
