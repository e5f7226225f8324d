// Two lists of VMAs of one address space: a snapshot that the live kernel gave, and the replay's.
//
// They are compared as joined ranges: neighbours with equal protection, sharing and file whose offsets
// continue are one range on both sides. Where only the cut between such neighbours differs, both
// kernels give every address the same meaning; those places are counted apart.

import { VmFlag } from "../../assembly/abi/flag.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Vma } from "../kernel/vma.js";
import { withoutDeleted } from "./inode-table.js";
import type { Inode, InodeTable } from "./inode-table.js";
import { isSpecial } from "./maps-file.js";
import type { AddressRange } from "./known-ranges.js";
import type { MapsRange } from "./maps-file.js";

/** Reasons of spec/script.md for a cut that differs. */
export const ANON_VMA_MERGE =
  "since 6.16 a range with an anon_vma merges into a neighbour that has none; v3.7 keeps them apart";
export const ACCOUNT_MERGE =
  "6.18 clears VM_ACCOUNT of memory that was never touched and lost write permission, and merges it; v3.7 keeps it apart";

/** A joined range that does not agree. Bytes; `null` where the side has nothing there. */
export interface MapsDifference {
  start: number;
  end: number;
  /** What the snapshot has, or null. */
  captured: string | null;
  /** What the replay has at these addresses, or null. */
  replayed: string | null;
}

/** What a comparison of one snapshot gives. */
export interface MapsComparison {
  /** Joined ranges of the snapshot. */
  compared: number;
  differences: MapsDifference[];
  /** Cuts that only one side has. */
  boundaries: number;
  /** Cuts among them for which spec/script.md has the reason. */
  explained: Map<string, number>;
}

interface Range {
  start: number;
  end: number;
  perms: string;
  /** Page offset; 0 for private anonymous memory. */
  pgoff: number;
  /** The file's path, or an empty text. */
  name: string;
  inode: Inode | null;
  vma: Vma | null;
}

/** Neighbours that continue each other, as one range. */
interface Joined extends Range {
  parts: Range[];
}

/** Compares a snapshot with the VMAs of the process at that moment. */
export function compareMaps(
  snapshot: readonly MapsRange[],
  vmas: readonly Vma[],
  inodes: InodeTable,
): MapsComparison {
  const special = specialRanges(snapshot, vmas, inodes);
  const captured = join(snapshot.filter((range) => !overlapsAny(special, range)).map(fromSnapshot));
  const replayed = join(
    vmas
      .filter((vma) => !overlapsAny(special, vma))
      .map((vma) => withoutSparePage(fromVma(vma, inodes), snapshot)),
  );
  return match(captured, replayed);
}

/** Addresses that are left out: what the kernel placed there itself, at its extent on both sides. */
function specialRanges(
  snapshot: readonly MapsRange[],
  vmas: readonly Vma[],
  inodes: InodeTable,
): AddressRange[] {
  const ranges = snapshot.filter(isSpecial);
  const placed = vmas.filter((vma) => {
    if (vma.file) return isSpecial({ name: inodes.byNumber(vma.file.inode)?.path ?? "" });
    return (vma.flags & VmFlag.GrowsDown) !== 0 && overlapsAny(ranges, vma);
  });
  return [...ranges, ...placed];
}

function overlapsAny(ranges: readonly AddressRange[], { start, end }: AddressRange): boolean {
  for (const range of ranges) if (range.start < end && range.end > start) return true;
  return false;
}

function fromSnapshot(range: MapsRange): Range {
  const { start, end, perms } = range;
  const shared = range.name.startsWith("[anon_shmem:") ? "/dev/zero" : withoutDeleted(range.name);
  const name = range.named ? shared : "";
  return { start, end, perms, name, pgoff: name === "" ? 0 : range.pgoff, inode: null, vma: null };
}

function fromVma(vma: Vma, inodes: InodeTable): Range {
  const { start, end, perms, file } = vma;
  const inode = file ? inodes.byNumber(file.inode) : null;
  const name = file ? (inode?.path ?? "/dev/zero") : "";
  return { start, end, perms, name, pgoff: file ? vma.pgoff : 0, inode, vma };
}

/** v3.7 keeps the lowest page of a stack free and does not show it; kernels since 4.12 have a gap there instead. */
function withoutSparePage(range: Range, snapshot: readonly MapsRange[]): Range {
  const { start, end, vma } = range;
  const above = start + PAGE_SIZE;
  const grows = vma !== null && (vma.flags & VmFlag.GrowsDown) !== 0 && above < end;
  return grows && !overlapsAny(snapshot, { start, end: above })
    ? { ...range, start: above }
    : range;
}

function join(ranges: readonly Range[]): Joined[] {
  const joined: Joined[] = [];
  let last: Joined | null = null;
  let before: Range | null = null;
  for (const range of ranges) {
    if (last && before && continues(before, range)) {
      last.parts.push(range);
      last.end = range.end;
    } else {
      const { start, end, perms, pgoff, name, inode, vma } = range;
      last = { start, end, perms, pgoff, name, inode, vma, parts: [range] };
      joined.push(last);
    }
    before = range;
  }
  return joined;
}

function continues(left: Range, right: Range): boolean {
  if (left.end !== right.start || left.perms !== right.perms || left.name !== right.name) {
    return false;
  }
  return left.name === "" || left.pgoff + (left.end - left.start) / 4096 === right.pgoff;
}

function match(captured: readonly Joined[], replayed: readonly Joined[]): MapsComparison {
  const result: MapsComparison = {
    compared: captured.length,
    differences: [],
    boundaries: 0,
    explained: new Map(),
  };
  const extra = (range: Joined) => {
    result.differences.push(difference(range, null, describe(range)));
  };
  // Replayed ranges before `at` end below the range that is looked at; those before `unclaimed` are told.
  let at = 0;
  let unclaimed = 0;
  for (const range of captured) {
    for (; at < replayed.length; at++) {
      const other = replayed[at];
      if (!other || other.end > range.start) break;
      if (at >= unclaimed) extra(other);
    }
    let next = at;
    while (next < replayed.length && (replayed[next]?.start ?? Infinity) < range.end) next++;
    const only = next === at + 1 ? replayed[at] : undefined;
    if (only && agree(range, only)) {
      countCuts(range, only, result);
    } else {
      const found = replayed.slice(at, next).map(describe).join(", ");
      result.differences.push(difference(range, describe(range), found === "" ? null : found));
    }
    unclaimed = Math.max(unclaimed, next);
  }
  for (const range of replayed.slice(Math.max(at, unclaimed))) extra(range);
  return result;
}

function agree(captured: Joined, replayed: Joined): boolean {
  const same =
    captured.start === replayed.start &&
    captured.end === replayed.end &&
    captured.perms === replayed.perms &&
    captured.pgoff === replayed.pgoff;
  if (!same) return false;
  if (captured.name === replayed.name) return true;
  const { inode } = replayed;
  if (!inode || inode.resolved || captured.name === "") return false;
  // Its path came from an argument, perhaps over links: the snapshot tells the file's own.
  inode.path = captured.name;
  inode.resolved = true;
  return true;
}

function countCuts(captured: Joined, replayed: Joined, result: MapsComparison): void {
  let [left, right] = [1, 1];
  while (left < captured.parts.length || right < replayed.parts.length) {
    const theirs = captured.parts[left]?.start ?? Infinity;
    const ours = replayed.parts[right]?.start ?? Infinity;
    if (theirs !== ours) result.boundaries++;
    if (ours < theirs) {
      const why = reason(replayed.parts[right - 1]?.vma, replayed.parts[right]?.vma);
      if (why !== null) result.explained.set(why, (result.explained.get(why) ?? 0) + 1);
    }
    if (theirs <= ours) left++;
    if (ours <= theirs) right++;
  }
}

/** Why v3.7 keeps two VMAs apart that the live kernel had merged, where spec/script.md says. */
function reason(left: Vma | null | undefined, right: Vma | null | undefined): string | null {
  if (!left || !right) return null;
  if (left.flags === right.flags) {
    return (left.anonVma === 0) !== (right.anonVma === 0) ? ANON_VMA_MERGE : null;
  }
  const account: number = VmFlag.Account;
  const charged = left.flags & account ? left : right;
  const neverTouched = charged.anonVma === 0 && charged.file === null;
  const onlyAccount = (left.flags ^ right.flags) === account && !left.perms.includes("w");
  return onlyAccount && neverTouched ? ACCOUNT_MERGE : null;
}

function difference(
  { start, end }: Joined,
  captured: string | null,
  replayed: string | null,
): MapsDifference {
  return { start, end, captured, replayed };
}

/** A range as a line of /proc/PID/maps. */
function describe({ start, end, perms, pgoff, name }: Range): string {
  const offset = (pgoff * 4096).toString(16).padStart(8, "0");
  const addresses = `${start.toString(16)}-${end.toString(16)}`;
  return `${addresses} ${perms} ${offset}${name === "" ? "" : ` ${name}`}`;
}
