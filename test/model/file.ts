import { insertSorted } from "./anon-vma.js";
import type { Cgroup } from "./cgroup.js";
import { requireRoom } from "./charge.js";
import type { Memory } from "./memory.js";
import { Page } from "./page.js";
import { clearMlock } from "./page-lock.js";
import { PrioTree } from "./prio-tree.js";
import type { Vma } from "./vma.js";

export type FileKind = "disk" | "tmpfs" | "ramfs" | "shmem";

/** A file: its size and content, the pages of it that are in memory, and the VMAs that map it. */
export class Inode {
  /** Page cache, by index. */
  readonly cache = new Map<number, Page>();
  /** By first pgoff, ties in order of insertion. */
  private sorted: Vma[] = [];
  /** The same ones, as before v3.7. */
  private readonly prioTree = new PrioTree<Vma>();
  /** Those that are nonlinear, the newest last. */
  nonlinear: Vma[] = [];
  /** Those who hold it open, without those who map it. */
  opens = 0;
  /** What the disk has where it isn't what the file was made with. */
  private readonly stored = new Map<number, number>();
  /** Pages from here on were made without content. */
  private contentEnd: number;

  constructor(
    readonly memory: Memory,
    readonly kind: FileKind,
    /** In pages. */
    public size: number,
    /** Page i is made with `firstWord` + i; null for zeros. */
    private readonly firstWord: number | null,
  ) {
    this.contentEnd = firstWord === null ? 0 : size;
    memory.inodes.add(this);
  }

  /** A write to a shared page must fault first, because the file system wants to hear of it. */
  get accountsDirtyPages(): boolean {
    return this.kind === "disk";
  }

  link(vma: Vma): void {
    if (vma.flags.nonlinear) {
      this.nonlinear.push(vma);
      return;
    }
    insertSorted(this.sorted, vma);
    this.prioTree.link(vma);
  }

  /** Right behind `before`, which has the same range: where fork puts the child. */
  linkAfter(vma: Vma, before: Vma): void {
    if (!vma.flags.nonlinear) {
      this.sorted.splice(this.sorted.indexOf(before) + 1, 0, vma);
      this.prioTree.linkAfter(vma, before);
    } else if (this.memory.prioTrees) {
      this.nonlinear.splice(this.nonlinear.indexOf(before) + 1, 0, vma);
    } else {
      this.nonlinear.push(vma);
    }
  }

  unlink(vma: Vma): void {
    this.prioTree.unlink(vma);
    this.sorted = this.sorted.filter((other) => other !== vma);
    this.nonlinear = this.nonlinear.filter((other) => other !== vma);
  }

  /** Those that are not nonlinear, in the order in which walks and truncation meet them. */
  get inOrder(): readonly Vma[] {
    return this.memory.prioTrees ? this.prioTree.inOrder : this.sorted;
  }

  /** Its pages go when nobody has it open or maps it. */
  dropIfUnreachable(): void {
    if (this.opens > 0 || this.sorted.length > 0 || this.nonlinear.length > 0) return;
    for (const page of this.cachedIn(0, Infinity)) this.remove(page);
    this.memory.inodes.delete(this);
  }

  /** The page at an index, read if it isn't in memory, and charged to a cgroup then. */
  read(index: number, cgroup: Cgroup): Page {
    const cached = this.cache.get(index);
    if (cached !== undefined) return cached;
    requireRoom(this.memory, cgroup);
    const page = new Page(this.memory, cgroup, this, index, this.content(index));
    this.memory.cgroups.give(page, cgroup);
    page.swapBacked = this.kind === "tmpfs" || this.kind === "shmem";
    // In memory only: somebody has written there what it has.
    page.dirty = page.swapBacked && page.word !== 0;
    this.cache.set(index, page);
    page.lists.add(page, false);
    return page;
  }

  /** Cached pages of [from, to), by index. */
  cachedIn(from: number, to: number): Page[] {
    return [...this.cache.values()]
      .filter(({ index }) => from <= index && index < to)
      .sort((a, b) => a.index - b.index);
  }

  /** The page that nobody maps leaves the cache, written or not. */
  remove(page: Page): void {
    page.endWriteback();
    if (this.memory.mlockOutlivesMappings) clearMlock(page);
    page.buffers = false;
    page.dirty = false;
    this.cache.delete(page.index);
    this.memory.cgroups.takeBack(page);
    page.owner = null;
  }

  /** What the disk has from now on. */
  store(index: number, word: number): void {
    this.stored.set(index, word);
  }

  /** Everything beyond the size is zero if the file grows again. */
  forgetBeyondSize(): void {
    this.contentEnd = Math.min(this.contentEnd, this.size);
    for (const index of [...this.stored.keys()]) {
      if (index >= this.size) this.stored.delete(index);
    }
  }

  private content(index: number): number {
    const made = this.firstWord === null || index >= this.contentEnd ? 0 : this.firstWord + index;
    return this.stored.get(index) ?? made;
  }
}

/** One open of a file. VMAs of two opens never merge. */
export class OpenFile {
  private held = true;

  constructor(
    readonly inode: Inode,
    readonly name: string,
  ) {
    inode.opens++;
  }

  /** The object behind a shared mapping: only its VMAs hold it. */
  static unnamed(inode: Inode): OpenFile {
    const file = new OpenFile(inode, "");
    file.held = false;
    inode.opens--;
    return file;
  }

  get isHeld(): boolean {
    return this.held;
  }

  /** Whoever opened it lets go of it. */
  close(): void {
    this.held = false;
    this.inode.opens--;
    this.inode.dropIfUnreachable();
  }
}
