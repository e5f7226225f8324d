// Entries move from one VMA to another of the same address space, for mremap and exec (spec/commits.md section 7).
//
//   what a walk must not do: look at the new place before, and at the old place after the move
//
//   none               nothing keeps it from that          i_mmap_mutex for files, as truncation must not come between
//   move-to-tail       the old place is first in the list  the same
//   always-lock        it waits                            i_mmap_mutex, anon_vma mutex for each table
//   lock-if-needed     the old place comes first in the tree, or else it waits: the mutexes only then. A prio tree has
//                      another order, so that i_mmap_mutex is always needed there; no release has the two together

import { Event } from "../abi/event";
import { HugeMove, MremapOrder } from "../abi/switch";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { filesHavePrioTrees } from "../index/file-index";
import { Doing, LockClass } from "../locks";
import { event } from "../memory/event";
import { header } from "../memory/header";
import {
  mmuNotifierInvalidateRangeEnd,
  mmuNotifierInvalidateRangeStart,
} from "../notifier/dispatch";
import { anonVmaLock, anonVmaUnlock } from "../rmap/anon-vma";
import { iMmapMutex, mappingOf } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import {
  nextMapped,
  pmdAlloc,
  pmdAt,
  pmdEnd,
  ptlLock,
  ptlLockNested,
  ptlUnlock,
  pteUnder,
} from "../struct/page-table";
import { Vma } from "../struct/vma";
import { lock, unlock } from "../sync/lock";
import { moveHugePmd } from "./huge-entry";

/** The locks of the reverse map that a move takes, added up. */
enum MoveLocks {
  None = 0,
  File = 1,
  Anon = 2,
}

function moveLocks(src: Vma, needed: bool): u32 {
  const order = header().mremapOrder;
  let locks: u32 = MoveLocks.None;
  if (order == <u32>MremapOrder.AlwaysLock || (order == <u32>MremapOrder.LockIfNeeded && needed)) {
    locks = MoveLocks.File | MoveLocks.Anon;
  } else if (order != <u32>MremapOrder.LockIfNeeded || filesHavePrioTrees()) {
    locks = MoveLocks.File;
  }
  if (!src.file) locks &= ~MoveLocks.File;
  if (!src.anonVma) locks &= ~MoveLocks.Anon;
  return locks;
}

/** Moves the entries under one pair of tables; the caller sees that both exist. */
function movePtes(
  src: Vma,
  from: u64,
  to: u64,
  bytes: u64,
  fromPmd: usize,
  toPmd: usize,
  locks: u32,
): u32 {
  const mapping = locks & MoveLocks.File ? mappingOf(src) : null;
  const anonVma = locks & MoveLocks.Anon ? changetype<AnonVma>(<usize>src.anonVma) : null;
  if (mapping) lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Mremap);
  if (anonVma) anonVmaLock(anonVma, Doing.Mremap);
  ptlLock(fromPmd, Doing.Mremap);
  if (toPmd != fromPmd) ptlLockNested(toPmd, Doing.Mremap);
  let moved: u32 = 0;
  for (let at: u64 = 0; at < bytes; at += PAGE_SIZE) {
    const source = pteUnder(fromPmd, from + at);
    const entry = load<u64>(source);
    if (!entry) continue;
    store<u64>(source, 0);
    store<u64>(pteUnder(toPmd, to + at), entry);
    moved++;
  }
  if (toPmd != fromPmd) ptlUnlock(toPmd);
  ptlUnlock(fromPmd);
  if (anonVma) anonVmaUnlock(anonVma);
  if (mapping) unlock(iMmapMutex(mapping));
  return moved;
}

/**
 * move_page_tables: moves the entries of length bytes.
 * @param src the VMA that they leave
 * @param needLocks may a walk come to the new place before it comes to the old one?
 * @returns how many bytes were dealt with before memory ran out
 */
export function movePageTables(src: Vma, from: u64, to: u64, length: u64, needLocks: bool): u64 {
  const mm = changetype<MmStruct>(<usize>src.mm);
  const end = from + length;
  const locks = moveLocks(src, needLocks);
  const huge = header().hugeMove == <u32>HugeMove.RmapLocks ? locks & MoveLocks.Anon : 0;
  let moved: u32 = 0;
  mmuNotifierInvalidateRangeStart(mm, from, end);
  let at = nextMapped(mm, from, end);
  while (at < end) {
    const target = to + (at - from);
    if (!pmdAt(mm, at)) {
      const whole = pmdEnd(at, end) - at;
      if (moveHugePmd(src, at, target, whole, huge != 0)) {
        moved += HUGE_PAGES;
        at = nextMapped(mm, at + whole, end);
        continue;
      }
    }
    const bytes = min(pmdEnd(at, end) - at, pmdEnd(target, u64.MAX_VALUE) - target);
    const toPmd = pmdAlloc(mm, target);
    if (!toPmd) break;
    moved += movePtes(src, at, target, bytes, pmdAt(mm, at), toPmd, locks);
    at = nextMapped(mm, at + bytes, end);
  }
  mmuNotifierInvalidateRangeEnd(mm, from, end);
  if (moved) event(Event.EntriesMoved, <f64>moved, <f64>from, <f64>to);
  return min(at, end) - from;
}

/** More tables than a move of so many bytes can need, so that it can't fail half-way. */
export function tablesToMove(mm: MmStruct, from: u64, length: u64): u32 {
  const end = from + length;
  let leaves: u32 = 0;
  for (let at = nextMapped(mm, from, end); at < end; at = nextMapped(mm, pmdEnd(at, end), end)) {
    leaves++;
  }
  // Each source table may reach into two, and each of those may hang below a new one of each level.
  const above = min(2 * leaves, <u32>(length >> 30) + 2);
  return leaves ? 2 * leaves + 2 * above + 1 : 0;
}
