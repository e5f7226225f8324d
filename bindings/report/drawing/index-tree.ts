// Trees over the pages of a file: each node above its range, downwards as it lies in the tree, and where a search was.

import type { IndexNode, IndexPicture } from "../../labs/picture.js";
import { box, type Drawn, heading, MARGIN, path, stroke, text, WIDTH } from "./svg.js";

const ROW = 30;
const NODE_HEIGHT = 20;
/** Narrower nodes have no number. */
const LEAST_LABEL = 18;

type Panel = IndexPicture["panels"][number];

/** Draws the trees below each other, over the same pages. */
export function drawIndex({ title, pages, asked, panels }: IndexPicture): Drawn {
  const top = heading(title);
  const legend = drawLegend(asked, top.bottom + 8);
  const parts = [top.svg, legend.svg];
  let y = legend.bottom + 14;
  for (const panel of panels) {
    const drawn = drawPanel(panel, pages, asked, y);
    parts.push(drawn.svg);
    y = drawn.bottom + 18;
  }
  return { svg: parts.join("\n"), bottom: y - 18 };
}

/** What the boxes are, in a line. */
function drawLegend(asked: number, y: number): Drawn {
  const parts: string[] = [];
  let x = MARGIN;
  const entries = [
    ["f0", `the range with page ${asked}`],
    ["f1", "a node that the search visited"],
    ["box", "a node that it did not; the number is the first page of its range"],
  ] as const;
  for (const [kind, words] of entries) {
    parts.push(box({ x, y, width: 14, height: 14 }, kind), text(words, x + 20, y + 11));
    x += 50 + words.length * 6.4;
  }
  return { svg: parts.join("\n"), bottom: y + 14 };
}

function drawPanel({ title, nodes }: Panel, pages: number, asked: number, top: number): Drawn {
  const deepest = Math.max(...nodes.map(({ depth }) => depth));
  const begin = top + 22;
  const bottom = begin + (deepest + 1) * ROW;
  // A node's room is half of the way to the next range on either side, beyond the file's ends as well.
  const room = Math.min(...gaps(nodes), pages);
  const scale = (WIDTH - 2 * MARGIN) / (pages + room - 1);
  const width = room * scale - 3;
  const centre = ({ first, last }: IndexNode): number =>
    MARGIN + ((first + last + room) / 2) * scale;
  const yOf = ({ depth }: IndexNode): number => begin + depth * ROW;
  const column = nodes.find(({ first, last }) => first <= asked && asked <= last);
  const parts = [text(title, MARGIN, top + 12, "name")];
  if (column) {
    const x = centre(column) - width / 2 - 2;
    parts.push(box({ x, y: begin - 4, width: width + 4, height: bottom - begin }, "panel"));
  }
  for (const node of nodes) {
    const above = nodes[node.above ?? -1];
    if (above === undefined) continue;
    const walked = node.visits > 0 && above.visits > 0;
    const from = yOf(above) + NODE_HEIGHT;
    const [x1, x2, to] = [centre(above), centre(node), yOf(node)];
    parts.push(
      walked
        ? path(
            [
              [x1, from],
              [x2, to],
            ],
            "s1",
          )
        : stroke(x1, from, x2, to, "rule"),
    );
  }
  for (const node of nodes) {
    const isAsked = node.first <= asked && asked <= node.last;
    const kind = node.visits === 0 ? "box" : isAsked ? "f0" : "f1";
    const place = { x: centre(node) - width / 2, y: yOf(node), width, height: NODE_HEIGHT };
    parts.push(box(place, kind));
    if (width >= LEAST_LABEL) parts.push(label(node, centre(node), yOf(node) + 14));
  }
  return { svg: parts.join("\n"), bottom };
}

/** Dark on a free node, the page's colour on a filled one. */
function label({ first, visits }: IndexNode, x: number, y: number): string {
  const words = text(`${first}`, x, y, "small", "middle");
  return visits === 0 ? words : `<g style="--ink: var(--page)">${words}</g>`;
}

/** Pages from one first page to the next. */
function gaps(nodes: readonly IndexNode[]): number[] {
  const firsts = nodes.map(({ first }) => first).sort((a, b) => a - b);
  return firsts.slice(1).map((first, i) => first - (firsts[i] ?? 0));
}
