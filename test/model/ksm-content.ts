import type { AddressSpace } from "./address-space.js";
import type { AnonVma } from "./anon-vma.js";
import type { WalkOrder } from "./memory.js";
import type { Page } from "./page.js";
import type { Place } from "./page-walk.js";

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
      this.items.flatMap(({ space, address, anonVma }) =>
        ((order === "list" ? anonVma?.linked : anonVma?.sorted) ?? [])
          .filter((vma) => vma.holds(address) && (vma.space === space) === own)
          .map((vma) => ({ vma, address })),
      ),
    );
  }
}
