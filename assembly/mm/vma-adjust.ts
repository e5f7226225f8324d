// Moves the bounds of a VMA, and with them those of the next one, or swallows it (spec/rmap.md Part 2).
// The indexes are keyed by the bounds, so a VMA leaves them, changes, and comes back:
//
//   i_mmap_mutex
//     huge pages that a new bound would cut are split
//     anon_vma mutex    avcs of vma, then of a shifted next: out
//       vma, next: out of the file index
//       start, end, pgoff
//       next, vma: into the file index; a swallowed next goes, a new neighbour comes
//     avcs: in

import { Event } from "../abi/event";
import { AnonIndex } from "../abi/switch";
import { PAGE_SHIFT } from "../abi/unit";
import { anonIndexPostUpdate, anonIndexPreUpdate } from "../index/anon-index";
import {
  fileIndexInsert,
  fileIndexLink,
  fileIndexRemove,
  fileIndexUnlink,
} from "../index/file-index";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { anonVmaClone, anonVmaLock, anonVmaUnlock, unlinkAnonVmas } from "../rmap/anon-vma";
import { AddressSpace, iMmapMutex, mappingOf } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { isNonlinear, Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { fileClose } from "./file";
import { vmaAdjustTransHuge } from "./huge-entry";
import { vmaFree, vmaInsert, vmaRemove } from "./vma-list";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** The grower takes over the chain of what it swallows pages of, if it has none; false: no memory. */
function importAnonVma(importer: Vma, exporter: Vma): bool {
  if (!exporter.anonVma || importer.anonVma) return true;
  importer.anonVma = exporter.anonVma;
  return anonVmaClone(importer, exporter);
}

/** A list knows no bounds: moving only an end never took the mutex (spec/commits.md section 6). */
function lockedAnonVma(vma: Vma, start: u64, next: u32, nextMoves: bool, nextGoes: bool): u32 {
  if (header().anonIndex == <u32>AnonIndex.List) {
    return vma.anonVma && (start != vma.start || nextMoves || nextGoes) ? vma.anonVma : 0;
  }
  if (vma.anonVma) return vma.anonVma;
  return nextMoves ? vmaAt(next).anonVma : 0;
}

/**
 * Gives the VMA new bounds. Without insert the boundary to the next VMA moves along, and VMAs that end
 * within the new bounds (at most two) are swallowed; with it, insert (0: none) is linked as a neighbour.
 * @returns false when memory is exhausted, with nothing changed
 */
export function vmaAdjust(vma: Vma, start: u64, end: u64, pgoff: u64, insert: u32): bool {
  while (true) {
    const next = vma.next;
    let goes = false;
    let shift: i64 = 0;
    let stop = end;
    if (next && !insert) {
      const neighbour = vmaAt(next);
      if (end >= neighbour.end) {
        goes = true;
        stop = neighbour.end;
        if (!importAnonVma(vma, neighbour)) return false;
      } else if (end > neighbour.start) {
        shift = <i64>(end - neighbour.start);
        if (!importAnonVma(vma, neighbour)) return false;
      } else if (end < vma.end) {
        shift = -(<i64>(vma.end - end));
        if (!importAnonVma(neighbour, vma)) return false;
      }
    }
    vmaAdjustOnce(vma, start, stop, pgoff, insert, next, shift, goes);
    if (!goes || stop == end) return true;
  }
}

function vmaAdjustOnce(
  vma: Vma,
  start: u64,
  end: u64,
  pgoff: u64,
  insert: u32,
  next: u32,
  shift: i64,
  goes: bool,
): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let mapping: AddressSpace | null = null;
  // What is keyed by its bounds; the list of nonlinear VMAs is not.
  let keyed: AddressSpace | null = null;
  if (vma.file) {
    mapping = mappingOf(vma);
    if (!isNonlinear(vma)) keyed = mapping;
    lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.VmaAdjust);
    if (insert) fileIndexLink(mapping, vmaAt(insert));
  }
  vmaAdjustTransHuge(vma, start, end, shift);
  const guard = lockedAnonVma(vma, start, next, shift != 0, goes);
  if (guard) {
    anonVmaLock(changetype<AnonVma>(<usize>guard), Doing.VmaAdjust);
    anonIndexPreUpdate(vma);
    if (shift) anonIndexPreUpdate(vmaAt(next));
  }
  if (keyed) {
    fileIndexRemove(keyed, vma);
    if (shift) fileIndexRemove(keyed, vmaAt(next));
  }

  vma.start = start;
  vma.end = end;
  vma.pgoff = pgoff;
  if (shift) {
    vmaAt(next).start += <u64>shift;
    vmaAt(next).pgoff += <u64>(shift >> PAGE_SHIFT);
  }

  if (keyed) {
    if (shift) fileIndexInsert(keyed, vmaAt(next));
    fileIndexInsert(keyed, vma);
  }
  if (goes) {
    vmaRemove(mm, vmaAt(next));
    if (mapping) fileIndexUnlink(mapping, vmaAt(next));
  } else if (insert) {
    vmaInsert(mm, vmaAt(insert));
  }
  if (guard) {
    anonIndexPostUpdate(vma);
    if (shift) anonIndexPostUpdate(vmaAt(next));
    anonVmaUnlock(changetype<AnonVma>(<usize>guard));
  }
  if (mapping) unlock(iMmapMutex(mapping));

  if (goes) {
    const swallowed = vmaAt(next);
    event(Event.VmaGone, <f64>swallowed.start, <f64>swallowed.end, 0);
    if (swallowed.file) fileClose(swallowed.file);
    // Until here a walk could be handed both VMAs.
    unlinkAnonVmas(swallowed);
    vmaFree(swallowed);
  }
}
