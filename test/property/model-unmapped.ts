import type { Inode } from "../model/file.js";
import type { Page } from "../model/page.js";
import { pageFlags } from "./model-flags.js";
import type { ModelSide } from "./model-side.js";
import type { Naming } from "./naming.js";

/** Sizes of open files, and pages that no entry shows, out of those in page caches, on swap and on lists. */
export function unmappedLines(side: ModelSide, inodes: Naming<Inode>): string[] {
  const files = side.files.flatMap(({ inode, isHeld }, number) =>
    isHeld
      ? [`F${number} is ${inodes.name(inode)} pages ${inode.size} cached ${inode.cache.size}`]
      : [],
  );
  return [
    ...files,
    ...unmappedPages(side, inodes)
      .map((page) => pageLine(page, inodes))
      .sort(),
  ];
}

function pageLine(page: Page, inodes: Naming<Inode>): string {
  const { inode, index, word, pins } = page;
  const { references } = page.whole;
  const place = inode === null ? "no file" : `${inodes.name(inode)} index ${index}`;
  return `unmapped in ${place} word ${word} references ${references} pins ${pins} ${pageFlags(page)}`;
}

function unmappedPages({ machine }: ModelSide, inodes: Naming<Inode>): Page[] {
  const { cgroups, swap } = machine.memory;
  const cached = [...inodes.things].flatMap(({ cache }) => [...cache.values()]);
  const swapped = swap.areas.flatMap((area) => [...(area?.slots ?? [])].map(({ page }) => page));
  const listed = cgroups.living.flatMap(({ lists }) => [...lists.all()]);
  const pages = [...cached, ...listed, ...swapped].filter((page) => page !== null);
  return [...new Set(pages)]
    .filter(({ mapcount }) => mapcount === 0)
    .flatMap((page) => page.parts ?? [page]);
}
