import type { AddressSpace } from "./address-space.js";
import type { AnonVma } from "./anon-vma.js";
import type { OpenFile } from "./file.js";
import { sameFlags, type Flags } from "./flags.js";
import type { Vma } from "./vma.js";

/** What a range is to become; it may be a hole, or (part of) one VMA. */
export interface Wanted {
  readonly start: number;
  readonly end: number;
  readonly pgoff: number;
  readonly flags: Flags;
  readonly file: OpenFile | null;
  /** None for new mappings, else that of the VMA concerned. */
  readonly anonVma: AnonVma | null;
}

/**
 * Tries to give the range to a neighbour, as vma_merge. Returns the VMA that now holds the range (the caller
 * sets its flags), or null when no neighbour fits. The eight cases are those of the table in the specification.
 */
export function merge(space: AddressSpace, wanted: Wanted): Vma | null {
  const { start, end } = wanted;
  const previous = space.vmas.filter((vma) => vma.start < start).at(-1);
  const area = space.vmas.find((vma) => vma.start >= start);
  const next = area?.end === end ? space.after(area) : area;

  const fitsBelow =
    previous?.end === start &&
    alike(previous, wanted) &&
    previous.pgoffOf(start) === wanted.pgoff &&
    anonAgrees(wanted.anonVma, previous);
  const fitsAbove =
    next?.start === end &&
    alike(next, wanted) &&
    next.pgoff === wanted.pgoff + (end - start) &&
    anonAgrees(wanted.anonVma, next);

  const hole = area === undefined || area.start >= end;
  if (fitsBelow) {
    const both =
      fitsAbove &&
      (previous.anonVma === null || next.anonVma === null || previous.anonVma === next.anonVma);
    if (both) note(space, hole ? 1 : 6);
    else note(space, hole ? 2 : area.end === end ? 7 : 5);
    growUp(space, previous, both ? next.end : end);
    return previous;
  }
  if (!fitsAbove) return null;
  if (previous !== undefined && previous.end > start) {
    note(space, 4);
    space.shiftBoundary(previous, next, start);
    return next;
  }
  if (hole) {
    note(space, 3);
    space.resize(next, start, next.end);
    return next;
  }
  note(space, 8);
  space.swallowNext(area);
  return area;
}

function note(space: AddressSpace, mergeCase: number): void {
  const { counts } = space.environment;
  counts.vmaMerges++;
  counts.mergesByCase[mergeCase] = (counts.mergesByCase[mergeCase] ?? 0) + 1;
}

/** Extends `vma` to `end`, over holes and over neighbours, whole or in part. */
function growUp(space: AddressSpace, vma: Vma, end: number): void {
  for (;;) {
    const next = space.after(vma);
    if (next === undefined || next.start >= end) break;
    if (next.end > end) {
      space.shiftBoundary(vma, next, end);
      return;
    }
    space.swallowNext(vma);
  }
  if (vma.end !== end) space.resize(vma, vma.start, end);
}

function alike(vma: Vma, wanted: Wanted): boolean {
  return vma.file === wanted.file && sameFlags(vma.flags, wanted.flags);
}

/** A VMA whose pages may come from several forks (a longer chain) only takes its own kind. */
function anonAgrees(anonVma: AnonVma | null, vma: Vma): boolean {
  if (anonVma === vma.anonVma) return true;
  return (anonVma === null || vma.anonVma === null) && vma.chain.length === 1;
}
