import { insertSorted } from "./anon-vma.js";
import { Page } from "./page.js";
import type { Vma } from "./vma.js";

export type FileKind = "disk" | "tmpfs" | "shmem";

/** A file's pages, all of them in the page cache, and the VMAs that map it. */
export class Inode {
  /** Page cache, by index; its length is the file's size. */
  readonly cache: Page[] = [];
  /** By first pgoff, ties in order of insertion. */
  sorted: Vma[] = [];

  constructor(
    readonly kind: FileKind,
    pages: number,
    firstWord: (index: number) => number,
  ) {
    while (this.cache.length < pages) this.append(firstWord(this.cache.length));
  }

  /** A write to a shared page must fault first, because the file system wants to hear of it. */
  get accountsDirtyPages(): boolean {
    return this.kind === "disk";
  }

  link(vma: Vma): void {
    insertSorted(this.sorted, vma);
  }

  /** Right behind `before`, which has the same first pgoff: where fork puts the child. */
  linkAfter(vma: Vma, before: Vma): void {
    this.sorted.splice(this.sorted.indexOf(before) + 1, 0, vma);
  }

  unlink(vma: Vma): void {
    this.sorted = this.sorted.filter((other) => other !== vma);
  }

  /** Growing adds pages of zeros; shrinking unmaps what lies beyond, private copies too, and drops it. */
  truncate(pages: number): void {
    while (this.cache.length < pages) this.append(0);
    if (this.cache.length === pages) return;
    for (const vma of this.sorted) {
      const from = Math.max(vma.start, vma.addressOf(pages));
      if (from < vma.end) vma.space.zap(from, vma.end, "leave-swap-entries");
    }
    this.cache.length = pages;
  }

  private append(word: number): void {
    this.cache.push(Page.ofFile(this, this.cache.length, word));
  }
}

/** One open of a file. VMAs of two opens never merge. */
export class OpenFile {
  constructor(
    readonly inode: Inode,
    readonly name: string,
  ) {}
}
