// What walks make of VMAs and entries, in sentences.

import type { FoundEntry, VmaOffer, WalkDeed } from "../kernel/walk-words.js";

const passedOver: Readonly<Record<Exclude<VmaOffer, "considered">, string>> = {
  irrelevant: "irrelevant, it does not hold the page",
  "other-memcg": "passed over, of another memory cgroup",
  private: "passed over, not shared",
  "temporary-stack": "passed over, exec is still moving this stack",
  "other-pass": "irrelevant, the other pass is for it",
};

/** @param page where the page would be in the VMA, if that is considered */
export function offerInWords(offer: VmaOffer, page: number | null): string {
  return offer === "considered" ? `considered, the page would be at ${page}` : passedOver[offer];
}

export const foundInWords: Readonly<Record<FoundEntry, string>> = {
  "no-table": "no page table",
  absent: "nothing there",
  "other-page": "another page",
  swap: "a swap entry",
  migration: "a migration entry",
  hwpoison: "a hwpoison marker",
  "file-offset": "a file-offset entry",
  page: "the page",
};

export const deedInWords: Readonly<Record<WalkDeed, string>> = {
  none: "nothing is done",
  counted: "made old, counts",
  forgotten: "made old, does not count as reading is sequential",
  old: "not touched",
  "vma-locked": "the VMA is locked, the walk ends",
  mlocked: "the VMA is locked: page mlocked",
  "mmap-sem-busy": "the VMA is locked, but may change at any time: left",
  "no-longer-locked": "the VMA is locked no longer, or the page gone: left",
  "not-locked": "the VMA is not locked",
  "made-old": "made old, left",
  "swap-entry": "becomes a swap entry",
  "migration-entry": "becomes a migration entry",
  "hwpoison-entry": "becomes a hwpoison marker",
  removed: "removed",
  "put-back": "put back, the swap slot can't count one more",
  protected: "protected and clean from now on",
  clean: "protected and clean already",
  place: "a place of the page",
  "place-again": "a place that was found before",
  restored: "leads to the page again",
  "offset-kept": "becomes a file-offset entry",
  splitting: "marked as splitting",
  split: "becomes a table of entries",
  "token-counted": "its process has the swap token and is inside a fault: counts",
  "key-counted": "the storage key says touched: forgotten, counts",
};
