import { AnonVma } from "./anon-vma.js";
import type { Cgroup } from "./cgroup.js";
import { Inode } from "./file.js";
import { splitHuge } from "./huge-page.js";
import { SharedContent } from "./ksm-content.js";
import type { LruLists } from "./lru-lists.js";
import type { Memory, WalkOrder } from "./memory.js";
import { clearMlock } from "./page-lock.js";
import type { SwapSlot } from "./swap.js";
import type { Vma } from "./vma.js";

/** Who knows where a page is mapped; nobody before its first mapping or after its file dropped it. */
export type Owner = AnonVma | Inode | SharedContent | null;

/** A page frame with its content, one word. It is in use as long as there are references to it. */
export class Page {
  mapcount = 0;
  /** References from outside. */
  pins = 0;
  /** Taken off its list by somebody outside, who has one of the pins. */
  isolated = false;
  /** Its place on swap; null outside the swap cache. */
  slot: SwapSlot | null = null;
  swapBacked = false;
  dirty = false;
  referenced = false;
  active = false;
  unevictable = false;
  writeback = false;
  /** PG_reclaim: to go as soon as its writeback ends. */
  wanted = false;
  /** What a disk's file system attaches to a page that it may have to write. */
  buffers = false;

  /** Another is about to take its place: it keeps its charge. */
  migrating = false;
  /** In the hands of somebody who is about to map it. */
  locked = false;
  /** What an s390x has noted of the frame: that somebody read or wrote it, and that somebody wrote it. */
  touched = false;
  changed = false;

  /** Broken: whoever unmaps it leaves that behind. */
  poisoned = false;
  /** memory_failure keeps hold of it for ever. */
  failed = false;

  /** Of a huge page's first: all of its pages. What counts for all is noted of this one alone. */
  parts: readonly Page[] | null = null;
  /** Of the others: its first. */
  head: Page | null = null;

  constructor(
    readonly memory: Memory,
    /** To which it is charged, or was: on whose lists it is. */
    public cgroup: Cgroup,
    public owner: Owner,
    public index: number,
    private content: number,
  ) {}

  /** For those who only look. */
  get word(): number {
    return this.content;
  }

  /** A program, the kernel or a device reads it. */
  read(): number {
    this.touched = true;
    return this.content;
  }

  /** A program, the kernel or a device writes it. */
  write(word: number): void {
    this.touched = true;
    this.changed = true;
    this.content = word;
  }

  /** A new anonymous page of `vma`, its own, on the list where it belongs. Room for it has been found. */
  static anonymous(vma: Vma, address: number, word: number): Page {
    const { memory, cgroup } = vma.space;
    const page = new Page(memory, cgroup, ownAnonVma(vma), vma.pgoffOf(address), word);
    page.write(word);
    page.swapBacked = true;
    memory.cgroups.give(page, cgroup);
    page.addToLists(vma);
    return page;
  }

  /** The huge page that it is part of, by its first page; else the page itself. */
  get whole(): Page {
    return this.head ?? this;
  }

  /** For how many pages it counts. */
  get size(): number {
    return this.parts?.length ?? 1;
  }

  get lists(): LruLists {
    return this.whole.cgroup.lists;
  }

  get isCharged(): boolean {
    return this.cgroup.charged.has(this);
  }

  /** On no list, and about to be put on one: the root keeps what is charged to nobody. */
  leaveFormerOwner(): void {
    if (!this.isCharged) this.cgroup = this.memory.root;
  }

  /** Back on the list that its marks say. */
  relink(): void {
    this.leaveFormerOwner();
    this.lists.link(this);
  }

  get anon(): boolean {
    const { owner } = this.whole;
    return owner instanceof AnonVma || owner instanceof SharedContent;
  }

  /** KSM shares it. */
  get isShared(): boolean {
    return this.owner instanceof SharedContent;
  }

  get inode(): Inode | null {
    return this.owner instanceof Inode ? this.owner : null;
  }

  /** Kept on tmpfs, with a name or without. */
  get ofSharedMemory(): boolean {
    return !this.anon && this.swapBacked;
  }

  get cached(): boolean {
    return this.inode?.cache.get(this.index) === this;
  }

  /** References that neither an entry nor a cache nor a buffer has. */
  get outsiders(): number {
    const pins = (this.parts ?? [this]).reduce((sum, part) => sum + part.pins, 0);
    return pins + (this.failed ? 1 : 0);
  }

  /** Everything that keeps it in use: entries, caches, buffers and pins. */
  get references(): number {
    const held = [this.cached, this.slot !== null, this.buffers];
    return this.mapcount + this.outsiders + held.filter(Boolean).length;
  }

  get mlocked(): boolean {
    return this.memory.mlocked.has(this);
  }

  set mlocked(on: boolean) {
    if (on) this.memory.mlocked.add(this);
    else this.memory.mlocked.delete(this);
  }

  /** Reclaim may take it. */
  get evictable(): boolean {
    return !this.mlocked && this.inode?.kind !== "ramfs";
  }

  /** VMAs that may map a page that KSM doesn't share, in the order in which a walk visits them. */
  candidates(order: WalkOrder): readonly Vma[] {
    const { owner } = this;
    if (owner === null || owner instanceof SharedContent) return [];
    let vmas = owner instanceof AnonVma ? owner.sorted : owner.inOrder;
    if (owner instanceof AnonVma && order === "list") vmas = owner.linked;
    return vmas.filter((vma) => vma.pgoff <= this.index && this.index < vma.pgoff + vma.pages);
  }

  /** A new page of a locked VMA is mlocked from the start. */
  addToLists(vma: Vma): void {
    if (vma.flags.locked) {
      this.mlocked = true;
      this.memory.events.unevictable_pgs_mlocked++;
      this.lists.addUnevictable(this);
    } else {
      this.lists.add(this, true);
    }
  }

  /** One mapping less. */
  unmap(): void {
    this.mapcount--;
    if (this.mapcount > 0) return;
    if (this.memory.hasStorageKeys && this.differsUnnoticed) {
      this.changed = false;
      this.setDirty();
    }
    if (this.anon && this.slot === null && !this.migrating) this.memory.cgroups.takeBack(this);
    if (!this.memory.mlockOutlivesMappings) clearMlock(this);
  }

  /** Changed, where no fault has told of it (or nobody asks whether one has), and where its content is kept elsewhere as well. */
  private get differsUnnoticed(): boolean {
    const { anon, changed, inode, slot } = this;
    if (!changed || slot !== null) return changed;
    return this.memory.keysDirtyAnyFile ? !anon : inode?.accountsDirtyPages === false;
  }

  /** add_to_swap: false when swap is full. A huge page goes in parts. */
  enterSwapCache(): boolean {
    if (this.slot !== null) return true;
    const slot = this.memory.swap.allocate(this);
    if (slot === null) return false;
    if (!splitHuge(this)) {
      slot.page = null;
      this.memory.swap.release(slot);
      return false;
    }
    this.slot = slot;
    this.dirty = true;
    return true;
  }

  leaveSwapCache(): void {
    const { slot } = this;
    if (slot === null) return;
    this.slot = null;
    this.dirty = true;
    slot.page = null;
    this.memory.swap.release(slot);
    if (this.mapcount === 0) this.memory.cgroups.takeBack(this);
  }

  /** try_to_free_swap: leaves the swap cache unless an entry refers to its slot or it is being written. */
  freeSwap(): void {
    if (this.slot?.entries === 0 && !this.writeback) this.leaveSwapCache();
  }

  /** reuse_swap_page: whether a writer may have the page for itself; if so it leaves the swap cache. */
  takeForWriting(): boolean {
    if (this.isShared || this.mapcount > 1) return false;
    if (this.slot === null) return true;
    const users = this.mapcount + this.slot.entries;
    if (users === 1 && !this.writeback) this.leaveSwapCache();
    return users <= 1;
  }

  /** An exclusively owned page moves to the VMA's own anon_vma. */
  moveTo(vma: Vma): void {
    this.owner = ownAnonVma(vma);
  }

  /** try_to_release_page: true if it has no buffers afterwards. */
  releaseBuffers(): boolean {
    if (this.buffers && !this.dirty && !this.writeback) this.buffers = false;
    return !this.buffers;
  }

  setDirty(): void {
    this.dirty = true;
    this.wanted = false;
  }

  /** A disk's file system hears of it before a page of its becomes dirty. */
  attachBuffers(): void {
    if (this.inode?.kind === "disk") this.buffers = true;
  }

  beginWriteback(): void {
    this.writeback = true;
    this.memory.writing.add(this);
    if (!this.memory.ioHeld) this.endWriteback();
  }

  /** Also for whoever has to wait: that makes the I/O come to its end. */
  endWriteback(): void {
    if (this.writeback) this.wanted = false;
    this.writeback = false;
    this.memory.writing.delete(this);
  }
}

/** The anon_vma that new pages of `vma` belong to. */
export function ownAnonVma(vma: Vma): AnonVma {
  if (vma.anonVma === null) throw new Error("a VMA with anonymous pages has an anon_vma");
  return vma.anonVma;
}
