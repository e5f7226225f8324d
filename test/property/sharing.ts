import type { Ksm } from "../../bindings/kernel/ksm.js";
import type { Ksm as ModelKsm, Sharing } from "../model/ksm.js";

/** What KSM may count, from what is sure to what may be forgotten or not. */
export interface SharingBounds {
  readonly least: Sharing;
  readonly most: Sharing;
}

/**
 * KSM counts what was freed until a search in its tree comes by, and which way a search goes is the tree's business,
 * of which the model has none.
 */
export function sharingBounds(ksm: ModelKsm): SharingBounds {
  return { least: ksm.certain, most: ksm.known };
}

/** What is wrong with the numbers of pages that share, or null. */
export function wrongSharing(ksm: Ksm, { least, most }: SharingBounds): string | null {
  const { pagesShared, pagesSharing } = ksm;
  if (within(pagesShared, least.shared, most.shared)) {
    if (within(pagesSharing, least.sharing, most.sharing)) return null;
  }
  return (
    `ksm: ${pagesShared} shared and ${pagesSharing} sharing; expected ${least.shared} to ${most.shared}` +
    ` and ${least.sharing} to ${most.sharing}`
  );
}

/** Whether so many places can have stopped sharing when all was taken apart. */
export function canUnmerge(count: number, { least, most }: SharingBounds): boolean {
  return within(count, least.shared + least.sharing, most.shared + most.sharing);
}

function within(value: number, least: number, most: number): boolean {
  return least <= value && value <= most;
}
