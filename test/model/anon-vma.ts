import type { Vma } from "./vma.js";

/**
 * An anon_vma: the VMAs that may hold pages which name it.
 *
 * It is kept twice, because a walk's order shows when try_to_unmap stops half-way: `linked` in the order of
 * linking (the list before v3.7), `sorted` by first pgoff with ties in order of insertion (the interval tree).
 */
export class AnonVma {
  readonly root: AnonVma;
  linked: Vma[] = [];
  sorted: Vma[] = [];
  /** Live anon_vmas that have this one as their root, itself left out. */
  private children = 0;
  /** anon_vmas that were made when a VMA with this one was copied. */
  private readonly offspring: AnonVma[] = [];
  /** KSM's places that were found in it. */
  private pins = 0;
  private freed = false;

  constructor(parent: AnonVma | null) {
    this.root = parent === null ? this : parent.root;
    if (parent === null) return;
    this.root.children++;
    parent.offspring.push(this);
  }

  /** False once nothing refers to it any more: no VMA, no place of KSM's, and for a root no child. */
  get alive(): boolean {
    return !this.freed;
  }

  /** No VMA gives its pages to it, and of what came of it no more than one is used; a root is as if it came of itself. */
  get deserted(): boolean {
    const used = this.offspring.filter(({ linked }) => linked.length > 0).length;
    const isOwn = this.linked.some(({ anonVma }) => anonVma === this);
    return !isOwn && used + (this.root === this ? 1 : 0) < 2;
  }

  link(vma: Vma): void {
    this.linked.push(vma);
    this.sortIn(vma);
  }

  unlink(vma: Vma): void {
    this.linked = this.linked.filter((other) => other !== vma);
    this.takeOut(vma);
    this.freeIfUnused();
  }

  /** Last in the order of linking. */
  moveToTail(vma: Vma): void {
    this.linked = [...this.linked.filter((other) => other !== vma), vma];
  }

  /** Into the sorted order, behind those with the same first pgoff. */
  sortIn(vma: Vma): void {
    insertSorted(this.sorted, vma);
  }

  takeOut(vma: Vma): void {
    this.sorted = this.sorted.filter((other) => other !== vma);
  }

  pin(): void {
    this.pins++;
  }

  unpin(): void {
    this.pins--;
    this.freeIfUnused();
  }

  private freeIfUnused(): void {
    if (this.freed || this.linked.length > 0 || this.children > 0 || this.pins > 0) return;
    this.freed = true;
    if (this.root === this) return;
    this.root.children--;
    this.root.freeIfUnused();
  }
}

/** Puts `vma` behind every VMA whose first pgoff is not larger. */
export function insertSorted(sorted: Vma[], vma: Vma): void {
  const place = sorted.findIndex((other) => other.pgoff > vma.pgoff);
  sorted.splice(place < 0 ? sorted.length : place, 0, vma);
}

/** Gives `to` every anon_vma of `from`, oldest first. */
export function cloneChain(to: Vma, from: Vma): void {
  for (const anonVma of from.chain) {
    to.chain.push(anonVma);
    anonVma.link(to);
  }
}

/** Newest first, so that a root goes last. */
export function unlinkChain(vma: Vma): void {
  for (const anonVma of [...vma.chain].reverse()) anonVma.unlink(vma);
  vma.chain = [];
  vma.anonVma = null;
}
