// Invariant I9: whoever is told of changes to a page table was told of their end, and shows nothing that the page
// table does not.

import { HUGE_PAGES, PAGE_SHIFT } from "../abi/unit";
import { rbLeft, rbRight } from "../index/rb-tree";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { isCurrent } from "../notifier/device-table";
import { pageIsHugetlb } from "../struct/page";
import { MmStruct } from "../struct/mm-struct";
import { DEVICE_NODE, devicePageAt, MmuNotifier, notifierAt } from "../struct/mmu-notifier";
import { hugeEntry, pmdIsHuge } from "../struct/page-table";
import { pteFrame, pteIsPage, pteIsPresent, PTE_WRITE } from "../struct/pte";
import { Violated } from "../violated";
import { isFrame, isLive, isTable, notifierNote, pidOf, pidOfMm } from "./census";
import { violated } from "./violation";

const LEVEL_BITS: u64 = 9;
const PMD_SHIFT: u64 = 21;
const PGD_SHIFT: u64 = 39;
const INDEX: u64 = 511;
const HUGE_INDEX: u64 = 511;
/** Red-black trees are never so deep. */
const DEEPEST: i32 = 64;

/** Follows the list of an address space's clients: how many there are. Each of them holds its struct. */
export function noteNotifiers(mm: MmStruct): u32 {
  let n: u32 = 0;
  let before: u32 = 0;
  for (let at = mm.notifiers; at; at = notifierAt(at).next) {
    const sound = isLive(Cache.Notifier, at) && !notifierNote(at).met;
    if (!sound || notifierAt(at).mm != <u32>changetype<usize>(mm)) {
      violated(Violated.NotifierLink, pidOfMm(mm));
      return n;
    }
    notifierNote(at).met = 1;
    if (notifierAt(at).prev != before || !notifierAt(at).listed) {
      violated(Violated.NotifierLink, pidOfMm(mm));
    }
    before = at;
    n++;
  }
  return n;
}

/** What the page table has at an address, as a present entry of a small page; 0: nothing, or it can't be followed. */
function entryAt(mm: MmStruct, address: u64): u64 {
  let table = mm.pgd;
  for (let shift = PGD_SHIFT; shift >= PMD_SHIFT; shift -= LEVEL_BITS) {
    if (!table || !isTable(table)) return 0;
    const slot = <usize>table + <usize>(((address >> shift) & INDEX) << 3);
    if (shift == PMD_SHIFT && pmdIsHuge(slot)) return hugePart(hugeEntry(slot), address);
    table = load<u32>(slot);
  }
  if (!table || !isTable(table)) return 0;
  return load<u64>(<usize>table + <usize>(((address >> PAGE_SHIFT) & INDEX) << 3));
}

/** The entry that one page of a huge one would have. */
function hugePart(entry: u64, address: u64): u64 {
  if (!pteIsPage(entry)) return entry;
  return entry + (((address >> PAGE_SHIFT) & HUGE_INDEX) << PAGE_SHIFT);
}

/** Fork tells nobody that it write-protects such pages, in v3.7. */
function isPooled(frame: u32): bool {
  return isFrame(frame) && pageIsHugetlb(frame & ~(<u32>HUGE_PAGES - 1));
}

function checkDevicePage(mm: MmStruct, page: u32): void {
  const it = devicePageAt(page);
  const entry = entryAt(mm, it.address);
  const pid = pidOfMm(mm);
  const there: f64 = pteIsPage(entry) ? <f64>pteFrame(entry) : pteIsPresent(entry) ? 0 : -1;
  if (it.frame && !(isFrame(it.frame) && isCurrent(it))) {
    violated(Violated.DeviceFreed, pid, <f64>it.address, <f64>it.frame);
  } else if (there != <f64>it.frame) {
    violated(Violated.DevicePage, pid, <f64>it.address, <f64>it.frame, there);
  } else if (it.writable && !(entry & PTE_WRITE) && !isPooled(it.frame)) {
    violated(Violated.DeviceWritable, pid, <f64>it.address, <f64>it.frame);
  }
}

/** Pages below a node whose addresses lie in [low, high); -1 when the table is out of order. */
function checkTable(mm: MmStruct, node: u32, low: u64, high: u64, depth: i32): i32 {
  if (!node) return 0;
  const page = node - <u32>DEVICE_NODE;
  if (depth == DEEPEST || !isLive(Cache.DevicePage, page) || notifierNote(page).met) return -1;
  const address = devicePageAt(page).address;
  if (address < low || address >= high) return -1;
  notifierNote(page).met = 1;
  const before = checkTable(mm, rbLeft(node), low, address, depth + 1);
  if (before < 0) return before;
  checkDevicePage(mm, page);
  const after = checkTable(mm, rbRight(node), address + 1, high, depth + 1);
  return after < 0 ? after : before + 1 + after;
}

/** False when its table can't be followed. */
function checkNotifier(notifier: MmuNotifier): bool {
  const mm = changetype<MmStruct>(<usize>notifier.mm);
  const pid = pidOfMm(mm);
  if (notifier.begun || notifier.ranges) {
    violated(Violated.NotifierRange, pid, <f64>notifier.begun, <f64>notifier.ranges);
  } else if (notifier.open) {
    violated(Violated.NotifierArguments, pid);
  }
  const found = checkTable(mm, notifier.pages, 0, u64.MAX_VALUE, 0);
  if (found != <i32>notifier.pageCount) {
    violated(Violated.DeviceTable, pid, <f64>notifier.pageCount, <f64>found);
  }
  return found >= 0;
}

/** After checkAddressSpaces, which has followed the lists, and checkPageTables. */
export function checkNotifiers(): void {
  let known = true;
  for (let at = slabNext(Cache.Notifier, 0); at; at = slabNext(Cache.Notifier, at)) {
    const notifier = notifierAt(<u32>at);
    if (!notifierNote(<u32>at).met) {
      violated(Violated.NotifierLost, pidOf(notifier.mm));
      known = false;
    } else if (!checkNotifier(notifier)) {
      known = false;
    }
  }
  // Behind a broken link nothing is known.
  for (let at = slabNext(Cache.DevicePage, 0); at && known; at = slabNext(Cache.DevicePage, at)) {
    if (!notifierNote(<u32>at).met) violated(Violated.DeviceTable, 0, 0, 1);
  }
  if (header().srcuReaders) violated(Violated.Srcu, <f64>header().srcuReaders);
}
