// KSM's places: each is one page of an address space that was mergeable when it was scanned. A place that
// shares pins the anon_vma that it was found in, also when its process has exited, until the next scan.

import { Header, header } from "../memory/header";
import { Cache, slabFree, slabZalloc } from "../memory/slab";
import { rbErase } from "../index/rb-tree";
import { getAnonVma, putAnonVma } from "../rmap/anon-vma";
import { AnonVma } from "../struct/anon-vma";
import {
  itemAt,
  ItemTree,
  KSM_NODE,
  ksmSlotFree,
  MmSlot,
  pageOfStableNode,
  RmapItem,
  slotOfMm,
  stableNodeAt,
} from "../struct/ksm";
import { mmapSem, mmDrop, MmStruct } from "../struct/mm-struct";
import { lockPage, unlockPage } from "../struct/page";
import { getPage, putPage } from "../struct/page-frame";
import { linearPageIndex, Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downWrite, upWrite } from "../sync/lock";

export function unstableRoot(): usize {
  return changetype<usize>(header()) + offsetof<Header>("ksmUnstable");
}

/** Adds the place to those that share the page of a stable node. */
export function stableTreeAppend(item: RmapItem, node: u32): void {
  const state = header();
  const stable = stableNodeAt(node);
  item.tree = ItemTree.Stable;
  item.head = node;
  item.prevSharing = 0;
  item.nextSharing = stable.items;
  if (stable.items) {
    itemAt(stable.items).prevSharing = <u32>changetype<usize>(item);
    state.ksmPagesSharing++;
  } else {
    state.ksmPagesShared++;
  }
  stable.items = <u32>changetype<usize>(item);
}

/** What the place was found in stays, whoever unmaps it, and so does where in it. */
export function pinAnonVma(item: RmapItem, vma: Vma): void {
  item.anonVma = vma.anonVma;
  item.index = linearPageIndex(vma, item.address);
  getAnonVma(changetype<AnonVma>(<usize>vma.anonVma));
}

function unlinkSharing(item: RmapItem): void {
  const state = header();
  const stable = stableNodeAt(item.head);
  // A walk goes along these links under the page's lock. Nobody walks a page that is gone.
  const frame = pageOfStableNode(item.head);
  if (frame) {
    getPage(frame);
    lockPage(frame, Doing.KsmForget);
  }
  if (item.prevSharing) itemAt(item.prevSharing).nextSharing = item.nextSharing;
  else stable.items = item.nextSharing;
  if (item.nextSharing) itemAt(item.nextSharing).prevSharing = item.prevSharing;
  if (stable.items) state.ksmPagesSharing--;
  else state.ksmPagesShared--;
  if (frame) {
    unlockPage(frame);
    putPage(frame);
  }
}

/** Takes the place out of whichever tree it is in, and lets its anon_vma go. */
export function removeItemFromTree(item: RmapItem): void {
  if (item.tree == <u32>ItemTree.Stable) {
    unlinkSharing(item);
    putAnonVma(changetype<AnonVma>(<usize>item.anonVma));
    item.anonVma = 0;
    item.head = 0;
  } else if (item.tree == <u32>ItemTree.Unstable && item.sequence == header().ksmSequence) {
    // Older ones went with their tree.
    rbErase(unstableRoot(), <u32>(changetype<usize>(item) + KSM_NODE), false);
  }
  item.tree = ItemTree.None;
}

/** Forgets the places from the one that the word at `link` leads to, below `end` only. */
export function removeItems(link: usize, end: u64): void {
  for (let at = load<u32>(link); at && itemAt(at).address < end; at = load<u32>(link)) {
    const item = itemAt(at);
    store<u32>(link, item.next);
    removeItemFromTree(item);
    slabFree(Cache.RmapItem, <usize>at);
  }
}

/** The place at an address, made if it is new: those before it are gone, so they are forgotten. 0: no memory. */
export function itemFor(mm: u32, link: usize, address: u64): u32 {
  removeItems(link, address);
  const found = load<u32>(link);
  if (found && itemAt(found).address == address) return found;
  const made = <u32>slabZalloc(Cache.RmapItem);
  if (!made) return 0;
  const item = itemAt(made);
  item.mm = mm;
  item.address = address;
  item.checksum = -1;
  item.next = found;
  store<u32>(link, made);
  return made;
}

/** Address of the word that leads to the first place of an address space. */
export function placesOf(slot: MmSlot): usize {
  return changetype<usize>(slot) + offsetof<MmSlot>("rmapList");
}

/**
 * The cursor goes on, read after whatever may have been suspended: the next address space may have ended
 * meanwhile. One that KSM is to forget has no places left, and the caller drops its mm.
 */
export function leaveSlot(slot: MmSlot, forget: bool): void {
  header().ksmCursor = slot.next;
  if (forget) ksmSlotFree(<u32>changetype<usize>(slot));
}

/**
 * ksm_exit: an address space ends, which has no users any more, but everything else still. One without
 * places is forgotten at once, others when KSM comes by; who holds their mmap_sem now is waited for, and who
 * takes it later finds no users.
 */
export function ksmExit(mm: MmStruct): void {
  const slot = mm.ksmSlot;
  if (!slot) return;
  if (slot != header().ksmCursor && !slotOfMm(slot).rmapList) {
    ksmSlotFree(slot);
    mmDrop(mm);
    return;
  }
  downWrite(mmapSem(mm), Doing.KsmExit);
  upWrite(mmapSem(mm));
}
