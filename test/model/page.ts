import { AnonVma } from "./anon-vma.js";
import type { Inode } from "./file.js";
import type { Vma } from "./vma.js";

/** A swap slot: how many page-table entries name it, and the page in the swap cache that it belongs to. */
export interface SwapSlot {
  entries: number;
  readonly page: Page;
}

/** A page frame with its content, one word. */
export class Page {
  mapcount = 0;
  /** Where it is kept on swap; null outside the swap cache. */
  slot: SwapSlot | null = null;
  mlocked = false;

  private constructor(
    public owner: AnonVma | Inode,
    readonly index: number,
    public word: number,
  ) {}

  static ofFile(inode: Inode, index: number, word: number): Page {
    return new Page(inode, index, word);
  }

  /** A new anonymous page of `vma`, its own. */
  static anonymous(vma: Vma, address: number, word: number): Page {
    return new Page(ownAnonVma(vma), vma.pgoffOf(address), word);
  }

  get anon(): boolean {
    return this.owner instanceof AnonVma;
  }

  /** Kept on tmpfs, with a name or without: on swap like anonymous pages. */
  get ofSharedMemory(): boolean {
    return !(this.owner instanceof AnonVma) && this.owner.kind !== "disk";
  }

  /** VMAs that may map the page, in the order in which a walk visits them. */
  candidates(order: "list" | "interval-tree"): readonly Vma[] {
    const vmas =
      this.owner instanceof AnonVma && order === "list" ? this.owner.linked : this.owner.sorted;
    return vmas.filter((vma) => vma.pgoff <= this.index && this.index < vma.pgoff + vma.pages);
  }

  /** One entry less; nobody left, also on swap, means the swap slot is given back. */
  unmap(): void {
    this.mapcount--;
    if (this.mapcount === 0) this.mlocked = false;
    this.leaveSwapCacheIfUnused();
  }

  enterSwapCache(): SwapSlot {
    this.slot ??= { entries: 0, page: this };
    return this.slot;
  }

  swapEntryGone(): void {
    if (this.slot !== null) this.slot.entries--;
    this.leaveSwapCacheIfUnused();
  }

  /** reuse_swap_page: whether a writer may have the page for itself; if so it leaves the swap cache. */
  takeForWriting(): boolean {
    if (this.mapcount > 1) return false;
    if (this.slot === null) return true;
    const users = this.mapcount + this.slot.entries;
    if (users > 1) return false;
    if (users === 1) this.slot = null;
    return true;
  }

  /** An exclusively owned page moves to the VMA's own anon_vma. */
  moveTo(vma: Vma): void {
    this.owner = ownAnonVma(vma);
  }

  private leaveSwapCacheIfUnused(): void {
    if (this.mapcount === 0 && this.slot?.entries === 0) this.slot = null;
  }
}

/** The anon_vma that new pages of `vma` belong to. */
export function ownAnonVma(vma: Vma): AnonVma {
  if (vma.anonVma === null) throw new Error("a VMA with anonymous pages has an anon_vma");
  return vma.anonVma;
}
