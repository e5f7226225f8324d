// What walks do, in the words of traces.

import { EntryFound, Offer, WalkAct, WalkKind } from "../../assembly/abi/walk.js";

/** Each walk by the name of its function. */
export const walkNames = {
  [WalkKind.Referenced]: "page_referenced",
  [WalkKind.Unmap]: "try_to_unmap",
  [WalkKind.UnmapToMigrate]: "try_to_unmap for migration",
  [WalkKind.Munlock]: "try_to_munlock",
  [WalkKind.Mkclean]: "page_mkclean",
  [WalkKind.Record]: "rmap_walk",
  [WalkKind.Restore]: "remove_migration_ptes",
  [WalkKind.Split]: "split_huge_page",
} as const satisfies Record<WalkKind, string>;

/** What a walk makes of a VMA. */
export const offers = {
  [Offer.Considered]: "considered",
  [Offer.Irrelevant]: "irrelevant",
  [Offer.OtherMemcg]: "other-memcg",
  [Offer.Private]: "private",
  [Offer.TemporaryStack]: "temporary-stack",
  [Offer.OtherPass]: "other-pass",
} as const satisfies Record<Offer, string>;

/** What stands in an entry. */
export const founds = {
  [EntryFound.NoTable]: "no-table",
  [EntryFound.Absent]: "absent",
  [EntryFound.OtherPage]: "other-page",
  [EntryFound.Swap]: "swap",
  [EntryFound.Migration]: "migration",
  [EntryFound.Hwpoison]: "hwpoison",
  [EntryFound.FileOffset]: "file-offset",
  [EntryFound.Page]: "page",
} as const satisfies Record<EntryFound, string>;

/** What a walk does at an entry. */
export const deeds = {
  [WalkAct.None]: "none",
  [WalkAct.Counted]: "counted",
  [WalkAct.Forgotten]: "forgotten",
  [WalkAct.Old]: "old",
  [WalkAct.VmaLocked]: "vma-locked",
  [WalkAct.Mlocked]: "mlocked",
  [WalkAct.MmapSemBusy]: "mmap-sem-busy",
  [WalkAct.NoLongerLocked]: "no-longer-locked",
  [WalkAct.NotLocked]: "not-locked",
  [WalkAct.MadeOld]: "made-old",
  [WalkAct.SwapEntry]: "swap-entry",
  [WalkAct.MigrationEntry]: "migration-entry",
  [WalkAct.HwpoisonEntry]: "hwpoison-entry",
  [WalkAct.Removed]: "removed",
  [WalkAct.PutBack]: "put-back",
  [WalkAct.Protected]: "protected",
  [WalkAct.Clean]: "clean",
  [WalkAct.Place]: "place",
  [WalkAct.PlaceAgain]: "place-again",
  [WalkAct.Restored]: "restored",
  [WalkAct.OffsetKept]: "offset-kept",
  [WalkAct.KeyCounted]: "key-counted",
  [WalkAct.TokenCounted]: "token-counted",
  [WalkAct.Splitting]: "splitting",
  [WalkAct.Split]: "split",
} as const satisfies Record<WalkAct, string>;

/** Which walk it is. */
export type WalkName = (typeof walkNames)[WalkKind];
/** What a walk made of a VMA. */
export type VmaOffer = (typeof offers)[Offer];
/** What stood in an entry. */
export type FoundEntry = (typeof founds)[EntryFound];
/** What a walk did at an entry. */
export type WalkDeed = (typeof deeds)[WalkAct];
