// A file's index so small that it can be drawn: its tree, as walks go through it, and the way of one search.

import type { Kernel } from "../kernel/kernel.js";
import { mapRanges, mixed } from "./file-ground.js";
import type { Experiment, MakeKernel, Scenario, Sight } from "./lab.js";
import type { IndexNode, IndexPicture } from "./picture.js";
import type { FileIndex } from "./point-queries.js";
import { searchWay, type SearchWay } from "./search-way.js";

/** Disjoint ranges of a page each, with a page between two. */
const RANGES = 32;
/** The page that is asked for: its range begins in the right half, where v3.4 passes over nothing to the right. */
const ASKED = 34;

/**
 * What the search costs. Prio trees: d nodes, and back from all but the root, 2d - 1 visits. That of v3.4 passes over
 * only what reaches less far than the page: it is at all 15 ranges of the right half from the page on.
 */
const WAYS = {
  "prio-tree": { found: 1, visited: 9, differentNodes: 5 },
  "prio-tree-3.4": { found: 1, visited: 29, differentNodes: 15 },
  "interval-tree": { found: 1, visited: 7, differentNodes: 5 },
} as const;

const NAMES: Readonly<Record<FileIndex, string>> = {
  "prio-tree": "Prio tree, up to v3.3",
  "prio-tree-3.4": "Prio tree, v3.4 to v3.6",
  "interval-tree": "Interval tree, from v3.7",
};

const fileIndexes = Object.keys(NAMES) as FileIndex[];

/** What its observables are. */
export const WAY_MEANINGS = {
  found: "VMAs that the searches found",
  visited: "nodes visited by the search, ways back included",
  differentNodes: "different nodes visited by the search",
} as const;

interface SmallIndex {
  readonly root: number;
  /** The node above each one. */
  readonly above: ReadonlyMap<number, number>;
  /** The search for the page. */
  readonly way: SearchWay;
}

/** Asks for the page of each range: a search comes to a node first from the one above it. */
function smallIndex(kernel: Kernel): SmallIndex {
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 2 * RANGES });
  const ranges = mixed(RANGES).map((i) => ({ first: 2 * i, pages: 1 }));
  const starts = mapRanges(kernel, process, file, ranges);
  const above = new Map<number, number>();
  let [root, asked]: [number, SearchWay] = [0, { nodes: [], found: 0 }];
  for (const [i, { first }] of ranges.entries()) {
    const address = starts[i] ?? 0;
    process.read(address);
    const page = process.pageAt(address);
    if (page === null) throw new Error("the page is not there");
    const way = searchWay(kernel, page);
    root = way.nodes[0] ?? root;
    for (const [n, node] of way.nodes.entries()) {
      if (n > 0 && !way.nodes.slice(0, n).includes(node)) above.set(node, way.nodes[n - 1] ?? root);
    }
    if (first === ASKED) asked = way;
  }
  return { root, above, way: asked };
}

/** "62 (30 (14 46) 60)": a node, and in brackets those below it. */
function treeInWords(root: number, above: SmallIndex["above"]): string {
  const below = [...above].filter(([, parent]) => parent === root).map(([node]) => node);
  const inside = below.sort((a, b) => a - b).map((node) => treeInWords(node, above));
  return inside.length === 0 ? `${root}` : `${root} (${inside.join(" ")})`;
}

/** One page among 32 ranges: on which way each of the three indexes finds it. */
async function oneQuery(makeKernel: MakeKernel): Promise<Sight> {
  const own = (await makeKernel()).options.fileIndex;
  const shown: string[] = [];
  let observables = {};
  for (const fileIndex of fileIndexes) {
    const index = smallIndex(await makeKernel({ fileIndex }));
    const { nodes, found } = index.way;
    shown.push(`${fileIndex}, its tree: ${treeInWords(index.root, index.above)}`);
    shown.push(`${fileIndex}, on the way to ${ASKED}: ${nodes.join(" ")}`);
    if (fileIndex !== own) continue;
    observables = { found, visited: nodes.length, differentNodes: new Set(nodes).size };
  }
  return { observables, shown };
}

/** The nodes of a tree in words, each with the one above it. */
function nodesOf(words: string): Omit<IndexNode, "visits">[] {
  const nodes: Omit<IndexNode, "visits">[] = [];
  const above: number[] = [];
  let last = -1;
  for (const [token] of words.matchAll(/\d+|[()]/g)) {
    if (token === "(") above.push(last);
    else if (token === ")") above.pop();
    else {
      last = nodes.length;
      const first = Number(token);
      nodes.push({ first, last: first, above: above.at(-1) ?? null, depth: above.length });
    }
  }
  return nodes;
}

/** The scenario of both labs about the prio tree, for two of the three indexes. */
export function oneQueryScenario(before: FileIndex, after: FileIndex): Scenario & Experiment {
  return {
    name: "one-query",
    shows: `One search among ${RANGES} ranges of a page each, for page ${ASKED}: the tree of each index ("node (those below it)"), and the nodes at which the search is, in order.`,
    expected: { before: WAYS[before], after: WAYS[after] },
    experiment: oneQuery,
  };
}

/** What `oneQuery` has shown, of these indexes. */
export function treePicture(
  title: string,
  shown: readonly string[],
  indexes: readonly FileIndex[],
): IndexPicture {
  const panels = indexes.map((index) => {
    const after = (words: string): string => {
      const line = shown.find((one) => one.startsWith(`${index}, ${words}`)) ?? "";
      return line.slice(line.indexOf(":") + 1);
    };
    const way = after("on the way").trim().split(" ").map(Number);
    const nodes = nodesOf(after("its tree")).map((node) => ({
      ...node,
      visits: way.filter((first) => first === node.first).length,
    }));
    const different = new Set(way).size;
    return {
      title: `${NAMES[index]}: ${different} of ${nodes.length} nodes, ${way.length} visits`,
      nodes,
    };
  });
  return { kind: "index", title, pages: 2 * RANGES, asked: ASKED, panels };
}
