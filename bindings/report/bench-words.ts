import type {
  BenchCrossover,
  BenchIndex,
  BenchOperation,
  BenchRow,
  BenchSuite,
} from "../../bench/document.js";
import { olderIndex } from "../../bench/indexes.js";
import { formatVmas } from "./numbers.js";

/** What each suite builds, for headings. */
export const suiteWords: Readonly<
  Record<BenchSuite, { title: string; short: string; about: string }>
> = {
  split: {
    title: "One mapping, split",
    short: "one mapping cut into N VMAs by mprotect; random pages of it are walked",
    about:
      "One anonymous mapping of N pages, all written. mprotect on every second page cuts it into N VMAs, which all stay in one anon_vma. Random pages of it are walked; each is mapped by exactly one of the N.",
  },
  fork: {
    title: "A parent and its children",
    short: "a parent and N - 1 children share every page; every VMA is relevant",
    about:
      "A parent and N − 1 children share every page, so all N VMAs are in the parent’s anon_vma and every one maps the page that is walked. No index can leave one out: this is the case in which the tree cannot help.",
  },
  file: {
    title: "Mappings of one file",
    short: "N mappings of one file, each at its own offset; random pages are walked",
    about:
      "N one-page mappings of one file, each at its own offset. The file’s index holds N VMAs: a prio tree up to v3.3, from v3.4 to v3.6 the same without part of its pruning, an interval tree in v3.7. Random pages of the file are walked; each is mapped by exactly one of the N. What v3.4 no longer leaves out comes behind that one: page_referenced and try_to_unmap, which stop there, do not meet it.",
  },
};

/** What one operation is, for headings and the explanation below a chart. */
export const operationWords: Readonly<Record<BenchOperation, { unit: string; about: string }>> = {
  stab: {
    unit: "search",
    about: "the index alone: it is asked for the VMAs that hold one page offset",
  },
  "page-referenced": {
    unit: "walk",
    about:
      "the whole path of page_referenced; it stops once it has met as many entries as the page has mappings, so a list is walked half way on average",
  },
  "try-to-unmap": {
    unit: "unmap and fault",
    about:
      "the whole path of try_to_unmap, and the fault that brings the page back, so that it can be done again; an anonymous page goes to a swap entry and comes back from it",
  },
  "rmap-walk": {
    unit: "walk",
    about: "the whole path of rmap_walk; it visits every VMA that the index hands out",
  },
  split: {
    unit: "split",
    about:
      "the cost of one mprotect in the middle of a VMA, the mean over all that it takes to get from one VMA to N",
  },
};

/** The index, as a word in running text. */
export const indexWords: Readonly<Record<BenchIndex, string>> = {
  list: "list",
  "prio-tree": "prio tree",
  "prio-tree-3.4": "v3.4’s prio tree",
  "interval-tree": "interval tree",
};

/** Why some rows carry a mark; null if none does. */
export function sampledWords(rows: readonly BenchRow[]): string | null {
  if (!rows.some((row) => row.sampled)) return null;
  return "* sampled: a walk of so long a list, or of so many VMAs in v3.4's prio tree, takes up to milliseconds, so counts of that index come from fewer pages, and few walks go into one timed call.";
}

/** The crossover as a sentence without its subject: "the interval tree is faster from about 9 VMAs on". */
export function crossoverWords({ suite, vmas, below, above }: BenchCrossover): string {
  const older = `the ${indexWords[olderIndex[suite]]}`;
  // Two indexes need no "than"; of three it says which one is meant.
  const treeIsFaster = `the interval tree is faster${suite === "file" ? ` than ${older}` : ""}`;
  if (vmas !== null) return `${treeIsFaster} from about ${formatVmas(Math.max(1, vmas))} on`;
  if (below === "interval-tree" && above === "interval-tree") {
    return `${treeIsFaster} at every size measured`;
  }
  if (above === "equal") {
    const both = suite === "file" ? `the interval tree and ${older}` : "both";
    return `${both} take the same time at the largest size measured, within 5 %`;
  }
  if (above === "interval-tree") return `${treeIsFaster} at the largest size measured`;
  const olderIsFaster = `${older} is faster${suite === "file" ? " than the interval tree" : ""}`;
  const where = below === above ? "every size" : "the largest size";
  return `${olderIsFaster} at ${where} measured`;
}
