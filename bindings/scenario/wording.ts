// How numbers and places are written in sentences.

import type { File } from "../kernel/file.js";
import type { Page } from "../kernel/page.js";
import type { Vma } from "../kernel/vma.js";
import { pageOf } from "./arena.js";

/** More of one kind than this are counted instead of listed. */
export const LISTED = 3;

/** "1 page", "2 pages". */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** The pages [start, end) of two addresses, as the view shows a VMA. */
export function range(start: number, end: number): string {
  return `${pageOf(start)}-${pageOf(end)}`;
}

/** "VMA 10-14". */
export function vmaInWords({ start, end }: Vma): string {
  return `VMA ${range(start, end)}`;
}

/** "A", "A and B", "A, B and C"; only their number if they are more than LISTED. */
export function listed(items: readonly string[], what: string): string {
  if (items.length > LISTED) return `${items.length} ${what}`;
  const [last = "", ...before] = [...items].reverse();
  return before.length === 0 ? last : `${before.reverse().join(", ")} and ${last}`;
}

/** At most LISTED sentences, each for a reason of its own, and how many reasons more there would be. */
export function fewReasons(words: readonly string[]): string[] {
  if (words.length <= LISTED) return [...words];
  return [...words.slice(0, LISTED), `and more, for ${words.length - LISTED} other reasons`];
}

/** "page 10", "pages 10-12 and 15": page numbers in any order, each told once. */
export function pagesInWords(pages: readonly number[]): string {
  const sorted = [...new Set(pages)].sort((a, b) => a - b);
  const runs: [first: number, last: number][] = [];
  for (const page of sorted) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] + 1 === page) run[1] = page;
    else runs.push([page, page]);
  }
  const words = runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
  if (words.length > LISTED) return `${sorted.length} pages`;
  return `${sorted.length === 1 ? "page" : "pages"} ${listed(words, "pages")}`;
}

/** A file by its name in the script; shared anonymous memory has none. */
export function fileInWords(file: File | null): string {
  if (file?.kind === "hugetlb" && file.name === "") return "the huge object";
  return file === null || file.kind === "shmem" ? "the shared object" : file.name;
}

/** Where a page is to be found: "A 10" as in the view, or "page 3 of F". */
export function placeOf(page: Page): string {
  if (page.inode !== 0 && page.hugetlb)
    return `huge page ${page.index} of ${fileInWords(page.file)}`;
  if (page.inode !== 0) return `page ${page.index} of ${fileInWords(page.file)}`;
  const [mapping] = page.mappings();
  if (mapping === undefined)
    return page.swapCache ? "a page of the swap cache" : "an unmapped page";
  return `${mapping.process.name} ${pageOf(mapping.address)}`;
}

/** Every place that maps a page, as the view writes them: "A 10 and B 12". */
export function placesOf(page: Page): string {
  const places = page
    .mappings()
    .map(({ process, address }) => `${process.name} ${pageOf(address)}`);
  return listed(places.sort(), "places");
}
