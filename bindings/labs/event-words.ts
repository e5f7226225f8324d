// What walks and moves do, in a few words a line, for logs of labs.

import { type EntryFound, Offer, type WalkAct, type WalkKind } from "../../assembly/abi/walk.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import { deeds, founds, walkNames } from "../kernel/walk-words.js";
import { pageOf as pageNumber } from "../scenario/arena.js";

const ENTRIES: Readonly<Record<(typeof founds)[EntryFound], string>> = {
  "no-table": "nothing, not even a table",
  absent: "nothing",
  "other-page": "another page",
  swap: "a swap entry",
  migration: "a migration entry",
  hwpoison: "a mark of a broken page",
  "file-offset": "a file offset",
  page: "the page",
};

const DEEDS: Partial<Record<(typeof deeds)[WalkAct], string>> = {
  "migration-entry": "puts a migration entry there",
  restored: "puts the page there",
  splitting: "marks it as splitting",
  split: "puts a table in its place",
};

/** One event; null for those that a log leaves out. */
export function tellEvent({ event, a, b, c }: KernelEvent): string | null {
  switch (event) {
    case "EntriesMoved":
      return `${a === 1 ? "1 entry goes" : `${a} entries go`} from ${pageNumber(b)} to ${pageNumber(c)}`;
    case "WalkBegin":
      return `${walkNames[b as WalkKind]} begins`;
    case "WalkVma":
      return `comes to the VMA ${pageNumber(a)}-${pageNumber(b)}`;
    case "WalkOffer":
      return b === (Offer.Irrelevant as number) ? "which does not hold the page" : null;
    case "WalkEntry":
      return `finds ${ENTRIES[founds[b as EntryFound]]} at ${pageNumber(a)}`;
    case "WalkDid":
      return DEEDS[deeds[a as WalkAct]] ?? null;
    default:
      return null;
  }
}
