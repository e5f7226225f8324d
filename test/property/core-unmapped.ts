import type { File, Page } from "../../bindings/index.js";
import { pageFlags } from "./core-flags.js";
import type { CoreSide } from "./core-side.js";
import type { Naming } from "./naming.js";

/** Sizes of open files, and pages beside those `mapped`; model-unmapped.ts writes the same for the model. */
export function unmappedLines(
  side: CoreSide,
  inodes: Naming<number>,
  mapped: Iterable<number>,
): string[] {
  const pages = unmappedPages(side, new Set(mapped));
  const files = side.files.flatMap((file, number) =>
    side.held[number] === true ? [fileLine(number, file, inodes)] : [],
  );
  return [...files, ...pages.map((page) => pageLine(page, inodes)).sort()];
}

function fileLine(number: number, file: File, inodes: Naming<number>): string {
  return `F${number} is ${inodes.name(file.inode)} pages ${file.pages} cached ${file.cached}`;
}

function pageLine(page: Page, inodes: Naming<number>): string {
  const { inode, index, word, refcount, pins } = page;
  // The pgoff of a page of no file means nothing.
  const place = inode === 0 ? "no file" : `${inodes.name(inode)} index ${index}`;
  return `unmapped in ${place} word ${word} references ${refcount} pins ${pins} ${pageFlags(page)}`;
}

/** Those that a cache or a list has: what somebody outside has alone, nobody finds in the model. */
function unmappedPages({ kernel }: CoreSide, mapped: ReadonlySet<number>): Page[] {
  const pages: Page[] = [];
  let left = kernel.options.frames - kernel.vmstat().nr_free_pages - mapped.size;
  for (let frame = 1; left > 0 && frame <= kernel.options.frames; frame++) {
    if (mapped.has(frame) || kernel.core.pageHandle(frame) === 0) continue;
    left--;
    const page = kernel.page(frame);
    if (page.inode !== 0 || page.swapCache || page.lru) pages.push(page);
  }
  return pages;
}
