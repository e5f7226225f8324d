// What pages and the entries that map them get wrong.

import { Violated } from "../../../assembly/violated.js";
import { anonVma, file, place, times, type Wordings } from "./words.js";

export const pageWordings = {
  [Violated.Mapcount]: (frame, mapcount, entries) =>
    `page ${frame} has a mapcount of ${mapcount}, ${times(entries, "entry maps", "entries map")} it`,
  [Violated.Refcount]: (frame, refcount, entries, others) =>
    `page ${frame} has a refcount of ${refcount}, ${times(entries, "entry", "entries")} and ` +
    `${times(others, "other")} (caches, buffers, writeback, pins) hold it`,
  [Violated.Unheld]: (frame, refcount) =>
    `page ${frame} has a refcount of ${refcount}, but nothing maps it and no cache holds it`,
  [Violated.Unreachable]: (frame, pid, address, number) =>
    `page ${frame} is mapped at ${place(pid, address)}, but the VMA there is not in the index of ` +
    `its ${anonVma(number)}`,
  [Violated.AnonVmaGone]: (frame, pid, address) =>
    `page ${frame}, mapped at ${place(pid, address)}, points to an anon_vma that is gone`,
  [Violated.OtherFile]: (frame, pid, address, owner, shown) =>
    `page ${frame} belongs to ${file(owner)}, but is mapped at ${place(pid, address)}, where the ` +
    `VMA shows ${file(shown)}`,
  [Violated.KsmUnreachable]: (frame, pid, address) =>
    `page ${frame}, which KSM shares, is mapped at ${place(pid, address)}, which no place that KSM ` +
    "knows leads to",
  [Violated.Index]: (frame, pid, address, found, expected) =>
    `page ${frame} has index ${found}, but at ${place(pid, address)} the VMA shows pgoff ${expected}`,
  [Violated.HugePart]: (frame, head) =>
    `page ${frame} and the huge page that begins at frame ${head} do not belong together`,
  [Violated.LostChange]: (frame, word, kept) =>
    `page ${frame} was changed to ${word}, but nothing says so: read again it would be ${kept}`,
  [Violated.FreeKey]: (frame, key) =>
    `frame ${frame}, which is free, has a storage key of 0x${key.toString(16)}`,
  [Violated.MlockedUnmapped]: (frame) => `page ${frame} is mlocked, but nothing maps it`,

  [Violated.EntryFrame]: (pid, address, frame) =>
    `the entry at ${place(pid, address)} names frame ${frame}, which is not in use`,
  [Violated.EntryOutside]: (pid, address) =>
    `the page table has an entry at ${place(pid, address)}, where there is no VMA`,
  [Violated.EntryKind]: (pid, address) =>
    `the entry at ${place(pid, address)} is neither present nor of any known kind`,
  [Violated.TableLink]: (pid, address) =>
    `the page table over ${place(pid, address)} is no table, or is used twice`,
  [Violated.FileEntry]: (pid, address) =>
    `the entry at ${place(pid, address)} keeps a pgoff, but the VMA there is linear`,
  [Violated.SwapEntry]: (pid, address) =>
    `the swap entry at ${place(pid, address)} names a slot that is not in use`,
  [Violated.HwpoisonEntry]: (pid, address, frame) =>
    `the marker at ${place(pid, address)} names frame ${frame}, which is not broken`,
  [Violated.MigrationEntry]: (pid, address, frame) =>
    `the entry at ${place(pid, address)} still waits for the migration of page ${frame}`,
  [Violated.HugeEntry]: (pid, address, frame) =>
    `the huge entry at ${place(pid, address)} with frame ${frame} is not all of a huge page inside ` +
    "one VMA",
  [Violated.HugeTable]: (pid, address) =>
    `the table that the huge entry at ${place(pid, address)} needs for its split has entries`,
  [Violated.Splitting]: (pid, address, frame) =>
    `the huge entry of page ${frame} at ${place(pid, address)} is still marked as being split`,
  [Violated.WritableClean]: (frame, pid, address) =>
    `page ${frame} can be written at ${place(pid, address)} without a fault, but is not known to be dirty`,
  [Violated.EntryMark]: (pid, address) =>
    `the entry at ${place(pid, address)} is marked as touched or changed, which entries of an s390x can't be`,
} satisfies Wordings;
