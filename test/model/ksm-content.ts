import type { AddressSpace } from "./address-space.js";
import type { AnonVma } from "./anon-vma.js";
import type { WalkOrder } from "./memory.js";
import type { Page } from "./page.js";
import type { Place } from "./page-walk.js";
import type { Vma } from "./vma.js";

/** One page of an address space that could be merged when KSM came by. */
export interface KsmItem {
  readonly space: AddressSpace;
  readonly address: number;
  /** The content at the last scan; null at the first. */
  seen: number | null;
  /** What it shares, while it does. */
  content: SharedContent | null;
  /** The anon_vma that it was found in; kept alive while it shares. */
  anonVma: AnonVma | null;
  /** The pgoff of its address then. */
  index: number;
}

/** Content that several places share: KSM's stable node. */
export class SharedContent {
  /** The places that are known to share, the last one first. */
  items: KsmItem[] = [];

  constructor(readonly page: Page) {}

  /** The page is still there. */
  get alive(): boolean {
    return this.page.owner === this && this.page.references > 0;
  }

  /**
   * What walks look at: for each item the VMAs of its anon_vma that cover its address. First those of its own address
   * space; then, once more for all items, those of others, which may have the page through a fork.
   */
  places(order: WalkOrder): readonly Place[] {
    return [true, false].flatMap((own) =>
      this.items.flatMap((item) =>
        this.offered(item, order)
          .filter((vma) => vma.holds(item.address) && (vma.space === item.space) === own)
          .map((vma) => ({ vma, address: item.address })),
      ),
    );
  }

  /** A list offers all that its anon_vma has, a tree what it is asked for. */
  private offered({ address, anonVma, index }: KsmItem, order: WalkOrder): readonly Vma[] {
    if (anonVma === null) return [];
    if (order === "list") return anonVma.linked;
    const { ksmWalk } = this.page.memory;
    if (ksmWalk === "all-vmas") return anonVma.sorted;
    const asked = ksmWalk === "shifted-address" ? address : index;
    return anonVma.sorted.filter((vma) => vma.pgoff <= asked && asked < vma.pgoffOf(vma.end));
  }
}
