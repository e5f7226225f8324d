// What JavaScript reads in bulk: records in scratch memory, valid until the core is called again.
//
//   VMA record, 80 bytes           +0 task's mm (u32), +4 flags, +8 start f64, +16 end f64, +24 pgoff f64,
//                                  +32 file handle f64 (0: none), +40 anon_vma number f64, +48 inode f64
//   entry record, 16 bytes         +0 address f64, +8 frame (-1: the zero page), swap area or pgoff f64
//   mapping record, 96 bytes       VMA record, +80 address f64, +88 task handle f64

import { EntryKind } from "../abi/field";
import { ENTRY_RECORD, MAPPING_RECORD, VMA_RECORD } from "../abi/memory";
import { PAGE_SIZE } from "../abi/unit";
import { heapScratch } from "../memory/heap";
import { pauseWalkTraces } from "../memory/walk-mark";
import { handleOf } from "../memory/handle";
import { header } from "../memory/header";
import { MAPPING_BYTES } from "../rmap/mapping-record";
import { rmapWalk } from "../rmap/walk";
import { mappingOf } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { compoundHead, pageMapcount } from "../struct/page";
import { entryOf, nextMapped, pmdAt, pmdEnd, pteUnder } from "../struct/page-table";
import {
  pteFrame,
  pteIsFile,
  pteIsPage,
  pteIsPresent,
  pteIsSwap,
  ptePgoff,
  pteSwapSlot,
} from "../struct/pte";
import { slotAt } from "../struct/swap-slot";
import { Task } from "../struct/task";
import { Vma } from "../struct/vma";
import { TASK_SIZE } from "./unmapped-area";
import { findVma } from "./vma-list";

function describe(vma: Vma, at: usize): void {
  store<u32>(at, vma.mm);
  store<u32>(at, vma.flags, 4);
  store<f64>(at, <f64>vma.start, 8);
  store<f64>(at, <f64>vma.end, 16);
  store<f64>(at, <f64>vma.pgoff, 24);
  store<f64>(at, handleOf(<usize>vma.file), 32);
  const anon = vma.anonVma ? changetype<AnonVma>(<usize>vma.anonVma).number : 0;
  store<f64>(at, <f64>anon, 40);
  store<f64>(at, vma.file ? <f64>mappingOf(vma).inode : 0, 48);
}

/** Records of all VMAs of an address space by address; their address, or 0: no memory. */
export function describeVmas(mm: MmStruct): usize {
  const out = heapScratch(<u64>mm.mapCount * <u64>VMA_RECORD);
  if (!out) return 0;
  let at = out;
  for (let vma = mm.mmap; vma; vma = changetype<Vma>(<usize>vma).next) {
    describe(changetype<Vma>(<usize>vma), at);
    at += <usize>VMA_RECORD;
  }
  return out;
}

/** Record of the VMA that holds an address: its address, 0 if none does or there is no memory. */
export function describeVmaAt(mm: MmStruct, address: u64): usize {
  const vma = changetype<Vma | null>(<usize>findVma(mm, address));
  if (!vma || vma.start > address) return 0;
  const out = heapScratch(VMA_RECORD);
  if (out) describe(vma, out);
  return out;
}

/** Is the entry one of those that are asked for? */
function isOfKind(entry: u64, kind: EntryKind): bool {
  if (kind == EntryKind.Swap) return pteIsSwap(entry);
  return kind == EntryKind.File ? pteIsFile(entry) : pteIsPresent(entry);
}

/** The frame of an entry, where its page is in swap, or which page of the file it is. */
function placeOf(entry: u64): f64 {
  if (pteIsSwap(entry)) return <f64>slotAt(pteSwapSlot(entry)).area;
  if (pteIsFile(entry)) return <f64>ptePgoff(entry);
  return pteIsPage(entry) ? <f64>pteFrame(entry) : -1;
}

/** Entries of an address space of one kind: counted, and written while there is room. */
export function describeEntries(mm: MmStruct, kind: EntryKind, out: usize, room: u32): u32 {
  let n: u32 = 0;
  for (let at = nextMapped(mm, 0, TASK_SIZE); at < TASK_SIZE; at = nextMapped(mm, at, TASK_SIZE)) {
    const pmd = pmdAt(mm, at);
    const stop = pmdEnd(at, TASK_SIZE);
    for (; at < stop; at += PAGE_SIZE) {
      const entry = pmd ? load<u64>(pteUnder(pmd, at)) : entryOf(mm, at);
      if (!isOfKind(entry, kind)) continue;
      if (n < room) {
        const record = out + <usize>n * <usize>ENTRY_RECORD;
        store<f64>(record, <f64>at);
        store<f64>(record, placeOf(entry), 8);
      }
      n++;
    }
  }
  return n;
}

/** The first task that runs in an address space. */
function taskOf(mm: u32): usize {
  let at = header().tasks;
  while (at && changetype<Task>(<usize>at).mm != mm) at = changetype<Task>(<usize>at).next;
  return <usize>at;
}

/** Records of all mappings of a page, or of the huge page that it is part of, found through the reverse map; their address, or 0: no memory. */
export function describeMappings(page: u32): usize {
  const frame = compoundHead(page);
  const offset = <f64>(page - frame) * <f64>PAGE_SIZE;
  const room = <u32>pageMapcount(frame);
  const out = heapScratch(<u64>room * (<u64>MAPPING_RECORD + <u64>MAPPING_BYTES));
  if (!out) return 0;
  const found = out + <usize>room * <usize>MAPPING_RECORD;
  // A question of JavaScript is no walk of the kernel's: it leaves no trace.
  if (CHECKED) pauseWalkTraces(true);
  const n = room ? rmapWalk(frame, found, room) : 0;
  if (CHECKED) pauseWalkTraces(false);
  for (let i: u32 = 0; i < room; i++) {
    const at = out + <usize>i * <usize>MAPPING_RECORD;
    if (i >= n) {
      store<u32>(at, 0);
      continue;
    }
    const mapping = found + <usize>i * MAPPING_BYTES;
    const vma = changetype<Vma>(<usize>load<u32>(mapping));
    describe(vma, at);
    store<f64>(at, load<f64>(mapping, 8) + offset, 80);
    store<f64>(at, handleOf(taskOf(vma.mm)), 88);
  }
  return out;
}
