import type { AddressSpace } from "./address-space.js";
import { tellRange } from "./told.js";
import { fail, type FailureCode } from "./failure.js";
import { sameFlags, withProtection, type Flags, type Protection } from "./flags.js";
import { breakShared } from "./ksm.js";
import { merge } from "./merge.js";
import type { Vma } from "./vma.js";
import { zap, zapKeeping } from "./zap.js";

export type Advice =
  | "normal"
  | "random"
  | "sequential"
  | "willneed"
  | "dontneed"
  | "dontfork"
  | "dofork"
  | "mergeable"
  | "unmergeable"
  | "hugepage"
  | "nohugepage";

/**
 * Gives [start, end), which lies in one VMA, other flags: by merging it into a neighbour, else by cutting the
 * VMA. Returns the VMA that holds the range now.
 */
export function reflag(
  space: AddressSpace,
  vma: Vma,
  start: number,
  end: number,
  flags: Flags,
  atLimit: FailureCode,
): Vma {
  const { file, anonVma } = vma;
  const merged = merge(space, { start, end, pgoff: vma.pgoffOf(start), flags, file, anonVma });
  const changed = merged ?? vma;
  if (merged === null) {
    if (start !== vma.start) {
      space.requireRoomForSplit(atLimit);
      space.split(vma, start, "below");
    }
    if (end !== vma.end) {
      space.requireRoomForSplit(atLimit);
      space.split(vma, end, "above");
    }
  }
  changed.flags = flags;
  return changed;
}

/** mprotect of [start, end). Stops at the first hole; what was done stays. */
export function protect(
  space: AddressSpace,
  start: number,
  end: number,
  protection: Protection,
): void {
  let at = start;
  while (at < end) {
    const vma = space.at(at);
    if (vma === undefined) fail("ENOMEM");
    const until = Math.min(vma.end, end);
    const flags = accounted(vma.flags, withProtection(vma.flags, protection));
    if (!sameFlags(flags, vma.flags)) {
      const changed = reflag(space, vma, at, until, flags, "ENOMEM");
      protectEntries(changed, at, until);
    }
    at = Math.max(until, space.at(until - 1)?.end ?? until);
  }
}

/** Memory is reserved when a private VMA becomes writable for the first time, and stays so. */
function accounted(before: Flags, after: Flags): Flags {
  const reserve =
    after.write && !before.write && !before.account && !before.shared && !before.noReserve;
  return reserve ? { ...after, account: true } : after;
}

/** Entries get their VMA's protection: only shared ones can become writable without a fault. */
function protectEntries(vma: Vma, start: number, end: number): void {
  tellRange(vma.space, start, end);
  const { shared, write } = vma.flags;
  for (const page of vma.space.entryPages(start, end)) {
    const entry = vma.space.entries.get(page);
    if (entry === undefined || !("page" in entry)) continue;
    entry.writable = shared && write && (!vma.notifiesWrites || entry.dirty);
  }
}

/** madvise of [start, end). Holes are passed over, and reported at the end. */
export function advise(space: AddressSpace, start: number, end: number, advice: Advice): void {
  let holes = false;
  let at = start;
  while (at < end) {
    const vma = space.atOrAbove(at);
    if (vma === undefined || vma.start >= end) fail("ENOMEM");
    if (vma.start > at) {
      holes = true;
      at = vma.start;
    }
    const until = Math.min(vma.end, end);
    adviseOne(space, vma, at, until, advice);
    at = Math.max(until, space.at(until - 1)?.end ?? until);
  }
  if (holes) fail("ENOMEM");
}

function adviseOne(
  space: AddressSpace,
  vma: Vma,
  start: number,
  end: number,
  advice: Advice,
): void {
  if (advice === "dontneed") {
    if (vma.flags.locked) fail("EINVAL");
    if (vma.flags.nonlinear) {
      zapKeeping(vma, start, end);
      return;
    }
    tellRange(space, start, end);
    zap(vma, start, end);
  } else if (advice === "willneed") {
    if (vma.file === null) fail("EBADF");
  } else {
    if (advice === "hugepage" && (vma.flags.shared || vma.flags.hugePage)) fail("EINVAL");
    if (advice === "nohugepage" && (vma.flags.shared || vma.flags.noHugePage)) fail("EINVAL");
    const flags = advised(vma.flags, advice);
    if (sameFlags(flags, vma.flags)) return;
    if (advice === "mergeable") space.environment.ksm.enter(space);
    if (advice === "unmergeable") breakShared(vma, start, end);
    reflag(space, vma, start, end, flags, "EAGAIN");
  }
}

function advised(flags: Flags, advice: Exclude<Advice, "dontneed" | "willneed">): Flags {
  switch (advice) {
    case "normal":
      return { ...flags, sequential: false, random: false };
    case "random":
      return { ...flags, sequential: false, random: true };
    case "sequential":
      return { ...flags, sequential: true, random: false };
    case "dontfork":
      return { ...flags, dontCopy: true };
    case "dofork":
      return { ...flags, dontCopy: false };
    case "mergeable":
      return flags.shared ? flags : { ...flags, mergeable: true };
    case "unmergeable":
      return { ...flags, mergeable: false };
    case "hugepage":
      return { ...flags, hugePage: true, noHugePage: false };
    case "nohugepage":
      return { ...flags, hugePage: false, noHugePage: true };
  }
}
