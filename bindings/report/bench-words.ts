import type {
  BenchCrossover,
  BenchIndex,
  BenchOperation,
  BenchRow,
  BenchSuite,
} from "../../bench/document.js";
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
      "N one-page mappings of one file, each at its own offset. The file’s index, an interval tree, holds N VMAs; random pages of the file are walked.",
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
  "interval-tree": "interval tree",
};

/** Why some rows carry a mark; null if none does. */
export function sampledWords(rows: readonly BenchRow[]): string | null {
  if (!rows.some((row) => row.sampled)) return null;
  return "* sampled: a walk of so long a list takes up to milliseconds, so its counts come from fewer pages, and few walks go into one timed call.";
}

/** The crossover as a sentence without its subject: "the interval tree is faster from about 9 VMAs on". */
export function crossoverWords({ vmas, below, above }: BenchCrossover): string {
  if (vmas !== null) {
    return `the interval tree is faster from about ${formatVmas(Math.max(1, vmas))} on`;
  }
  if (below === "interval-tree" && above === "interval-tree") {
    return "the interval tree is faster at every size measured";
  }
  if (above === "list") {
    return below === "list"
      ? "the list is faster at every size measured"
      : "the list is faster at the largest size measured";
  }
  return above === "equal"
    ? "both take the same time at the largest size measured, within 5 %"
    : "the interval tree is faster at the largest size measured";
}
