// A task goes to another memcg, and takes what it has charged along (move_charge_at_immigrate, both bits).
//
//   1. room for what is to move is charged to the new memcg   -.  no room: the task stays where it is
//   2. the address space is the new memcg's: so are its faults  |
//   3. its pages go over one by one, under the page-table lock  |  updates of their statistics take move_lock
//   4. the old memcg's counter is relieved of them             -'

import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { header } from "../memory/header";
import { HugeLock, hugePmdLock, pmdUnlock } from "../rmap/huge-entry";
import { moveAccount } from "../rmap/move-account";
import { mappingOf } from "../struct/address-space";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import { cgroupMutex, isRootMemcg } from "../struct/memcg";
import { cancelCharge, isMemcgEnabled } from "../struct/memcg-charge";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { pageIndex, pageMapped, pageMemcg, pageSize } from "../struct/page";
import { isCharged } from "../struct/page-cgroup";
import { pageCacheNext } from "../struct/page-cache";
import { getPage, putPage } from "../struct/page-frame";
import {
  hugeEntry,
  hugePmdAt,
  nextMapped,
  pmdAt,
  PMD_SIZE,
  ptlLock,
  ptlUnlock,
  pteUnder,
} from "../struct/page-table";
import { pteFrame, pteIsFile, pteIsPage, pteIsSwap, ptePgoff, pteSwapSlot } from "../struct/pte";
import { slotAt } from "../struct/swap-slot";
import { resCharge } from "../struct/res-counter";
import { isHugetlbVma, linearPageIndex, Vma } from "../struct/vma";
import { Doing, LockClass } from "../locks";
import { downRead, lock, tryDownRead, unlock, upRead } from "../sync/lock";
import { findGetPage } from "./file";
import { tryCharge } from "./memcg-charge";
import { endMove, startMove } from "./memcg-group";
import { putSwapToken } from "./thrash";

/** By what the entry of an address is guarded. */
enum EntryLock {
  /** There is no entry. */
  None = 0,
  Table,
  Huge,
}

/**
 * The page at an address that is charged to the memcg, mapped or not: what an entry maps, what the swap cache has for
 * it, or, where there is none, what the page cache has of the file. With a reference; 0 if there is none.
 */
function target(vma: Vma, address: u64, from: u32, kind: EntryLock): u32 {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  let entry: u64 = 0;
  if (kind == EntryLock.Huge) entry = hugeEntry(hugePmdAt(mm, address));
  else if (kind == EntryLock.Table) entry = load<u64>(pteUnder(pmdAt(mm, address), address));
  let frame: u32 = 0;
  if (pteIsPage(entry)) {
    frame = pteFrame(entry);
    if (!pageMapped(frame)) return 0;
    getPage(frame);
  } else if (pteIsSwap(entry)) {
    frame = slotAt(pteSwapSlot(entry)).frame;
    if (frame) getPage(frame);
  } else if (vma.file && (!entry || pteIsFile(entry))) {
    const pgoff = entry ? ptePgoff(entry) : linearPageIndex(vma, address);
    frame = findGetPage(mappingOf(vma), pgoff);
  }
  if (frame && isCharged(frame) && pageMemcg(frame) == from) return frame;
  if (frame) putPage(frame);
  return 0;
}

/** The next address from here on at which there may be a target, `end` if there is none before it. */
function nextTarget(vma: Vma, address: u64): u64 {
  // Huge pages of the pool are charged to nobody.
  if (isHugetlbVma(vma)) return vma.end;
  const mapped = nextMapped(changetype<MmStruct>(<usize>vma.mm), address, vma.end);
  if (mapped == address || !vma.file) return mapped;
  const cached = pageCacheNext(mappingOf(vma), linearPageIndex(vma, address));
  if (!cached) return mapped;
  const pages = pageIndex(cached) - vma.pgoff;
  return min(mapped, vma.start + (pages << PAGE_SHIFT));
}

/**
 * Where there is a page table its lock is held while a page is looked for and moved, where there is a huge entry that
 * of the address space.
 */
function lockEntries(vma: Vma, address: u64): EntryLock {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const huge = hugePmdAt(mm, address);
  if (huge && hugePmdLock(vma, huge, Doing.MoveCharges) == HugeLock.Stable) return EntryLock.Huge;
  const pmd = pmdAt(mm, address);
  if (pmd) ptlLock(pmd, Doing.MoveCharges);
  return pmd ? EntryLock.Table : EntryLock.None;
}

function unlockEntries(vma: Vma, address: u64, kind: EntryLock): void {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  if (kind == EntryLock.Huge) pmdUnlock(mm);
  else if (kind == EntryLock.Table) ptlUnlock(pmdAt(mm, address));
}

/** The address after what one entry maps. */
function afterEntry(address: u64, kind: EntryLock): u64 {
  return kind == EntryLock.Huge ? (address | (PMD_SIZE - 1)) + 1 : address + PAGE_SIZE;
}

/** mem_cgroup_count_precharge: how many pages are to be moved, those counted twice that are met twice. */
function countTargets(mm: MmStruct, from: u32): u32 {
  let n: u32 = 0;
  downRead(mmapSem(mm), Doing.MoveCharges);
  for (let at = mm.mmap; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    for (let address = nextTarget(vma, vma.start); address < vma.end;) {
      const kind = lockEntries(vma, address);
      const frame = target(vma, address, from, kind);
      if (frame) {
        n += <u32>pageSize(frame);
        putPage(frame);
      }
      unlockEntries(vma, address, kind);
      address = nextTarget(vma, afterEntry(address, kind));
    }
  }
  upRead(mmapSem(mm));
  return n;
}

/** mem_cgroup_do_precharge: all at once if there is room, else one by one with reclaim; false when that fails. */
function precharge(pages: u32): bool {
  const state = header();
  if (isRootMemcg(state.mcTo) || (pages > 1 && !resCharge(state.mcTo, pages))) {
    state.mcPrecharge += pages;
    return true;
  }
  for (; pages; pages--) {
    if (!tryCharge(state.mcTo, 0, 1, false)) return false;
    state.mcPrecharge++;
  }
  return true;
}

/** Gives back what was charged in advance and not used, and what the old memcg is relieved of. */
function settleCounters(): void {
  const state = header();
  const left = state.mcPrecharge;
  const moved = state.mcMoved;
  state.mcPrecharge = 0;
  state.mcMoved = 0;
  if (left) cancelCharge(state.mcTo, left);
  if (moved) cancelCharge(state.mcFrom, moved);
}

/** Moves the page at an address, if it is a target. False if it has more base pages than were charged in advance. */
function moveAt(vma: Vma, address: u64, kind: EntryLock): bool {
  const state = header();
  const frame = target(vma, address, state.mcFrom, kind);
  if (!frame) return true;
  const pages = <u32>pageSize(frame);
  const fits = pages <= state.mcPrecharge;
  if (fits && isolateLruPage(frame)) {
    const moved = moveAccount(frame, state.mcFrom, state.mcTo);
    state.mcPrecharge -= moved;
    // The counter is relieved of all at once, at the end.
    state.mcMoved += moved;
    putbackLruPage(frame);
  }
  putPage(frame);
  return fits;
}

/** mem_cgroup_move_charge_pte_range, for a VMA: false when there is no room for one more. */
function moveVma(vma: Vma): bool {
  for (let address = nextTarget(vma, vma.start); address < vma.end;) {
    const kind = lockEntries(vma, address);
    const moved = moveAt(vma, address, kind);
    unlockEntries(vma, address, kind);
    // A huge page for which there is no room is passed over; what else was faulted in since it was counted needs more.
    if (moved || kind == EntryLock.Huge) address = nextTarget(vma, afterEntry(address, kind));
    else if (!precharge(1)) return false;
  }
  return true;
}

/**
 * Whoever has mmap_sem for write may wait for the end of the move: then it goes on without what it has, and nobody is
 * to wait for it until it has mmap_sem. In v3.7 they may wait for each other for ever (docs/simplified.md).
 */
function lockMmForMove(mm: MmStruct): void {
  const state = header();
  if (!tryDownRead(mmapSem(mm), Doing.MoveCharges)) {
    settleCounters();
    state.mcMover = 0;
    downRead(mmapSem(mm), Doing.MoveCharges);
  }
  state.mcMover = state.actor + 1;
}

function moveCharges(mm: MmStruct): void {
  lockMmForMove(mm);
  let at = mm.mmap;
  while (at && moveVma(changetype<Vma>(<usize>at))) at = changetype<Vma>(<usize>at).next;
  upRead(mmapSem(mm));
}

/** cgroup_attach_task: 0, or ENOMEM when the memcg has no room for what would move; then nothing has moved. */
export function moveMm(mm: MmStruct, to: u32): i32 {
  lock(cgroupMutex(), LockClass.CgroupMutex, Doing.ChangeCgroup);
  const from = mm.memcg;
  let error = 0;
  if (from != to && isMemcgEnabled()) {
    const state = header();
    startMove(from);
    state.mcFrom = from;
    state.mcTo = to;
    const targets = countTargets(mm, from);
    // From here on others wait for the move; while it has to wait for mmap_sem itself they must not.
    state.mcMover = state.actor + 1;
    if (precharge(targets)) {
      mm.memcg = to;
      moveCharges(mm);
      putSwapToken(mm);
    } else {
      error = Errno.ENOMEM;
    }
    state.mcMover = 0;
    settleCounters();
    state.mcFrom = 0;
    state.mcTo = 0;
    endMove(from);
  }
  unlock(cgroupMutex());
  return error;
}
