import type { File, Page } from "../../bindings/index.js";
import { pageFlags } from "./core-flags.js";
import type { CoreSide } from "./core-side.js";
import type { Naming } from "./naming.js";

/** Sizes of open files, and pages that no entry shows; model-unmapped.ts writes the same for the model. */
export function unmappedLines(side: CoreSide, inodes: Naming<number>): string[] {
  const files = side.files.flatMap((file, number) =>
    side.held[number] === true ? [fileLine(number, file, inodes)] : [],
  );
  return [
    ...files,
    ...unmappedPages(side)
      .map((page) => pageLine(page, inodes))
      .sort(),
  ];
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
function unmappedPages({ kernel }: CoreSide): Page[] {
  const pages: Page[] = [];
  let inUse = kernel.options.frames - kernel.vmstat().nr_free_pages;
  for (let frame = 1; inUse > 0 && frame <= kernel.options.frames; frame++) {
    if (kernel.core.pageHandle(frame) === 0) continue;
    inUse--;
    const page = kernel.page(frame);
    if (page.mapcount > 0) continue;
    if (page.inode !== 0 || page.swapCache || page.lru) pages.push(page);
  }
  return pages;
}
