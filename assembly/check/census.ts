// Where verify counts and takes notes: in scratch memory, so that the machine stays as it is.
//
//   bytesInUse   Census       what was counted, and where the rest is
//                report       see violation.ts
//                FrameNote    for each frame that was ever used
//                notes        half as many bytes as objects take: the note on what is at address A
//                             is at notes + (A - objects) / 2, so an object of n words has n / 2 of its own
//                places       of KSM that share, see ksm-places.ts
//
// verify follows a link only to what isLive or isTable accepts, and marks what it walked over, so that no
// damage makes it trap or walk for ever. It trusts the header, the slabs' own links and the page arrays.

import { VIOLATION_RECORD, VIOLATIONS_LISTED } from "../violated";
import { header } from "../memory/header";
import { heapScratch } from "../memory/heap";
import { Cache, slabLive } from "../memory/slab";
import { MmStruct } from "../struct/mm-struct";
import { Vma } from "../struct/vma";

@unmanaged
export class Census {
  report: u32;
  frames: u32;
  frameTop: u32;
  /** Lowest address an object may have, and the end of the bytes in use. */
  objects: u32;
  end: u32;
  notes: u32;
  tables: u32;
  /** Where places of KSM are noted, how many are, and how many can be. */
  places: u32;
  placesNoted: u32;
  placesRoom: u32;
  /** Huge pages of the pool that were met, and those of them that nobody holds. */
  poolPages: u32;
  poolFree: u32;
}

@unmanaged
export class FrameNote {
  /** Present entries found. */
  entries: u32;
  caches: u32;
}

/** Values of FrameNote.caches. */
export const IN_PAGE_CACHE: u32 = 1;
export const IN_SWAP_CACHE: u32 = 2;
/** It holds the part of a swap slot's count that a slot has no room for. */
export const IN_SWAP_COUNT: u32 = 4;
/** Not a cache, and no reference: it was met on a list of reclaim. */
export const ON_LRU: u32 = 8;
/** Nor is this: an entry says that the page was changed. */
export const ENTRY_DIRTY: u32 = 16;

@unmanaged
export class MmNote {
  tasks: u32;
  /** The lowest of its tasks' pids. */
  pid: u32;
  /** Its list of VMAs can be followed to its end. */
  sound: u32;
  anon: i32;
  file: i32;
  swap: i32;
  /** The VMA that entries are looked up in, and the one whose chain was marked last. */
  cursor: u32;
  marked: u32;
  /** Tasks that are held inside a fault. */
  held: u32;
}

@unmanaged
export class VmaNote {
  /** In the list of its address space. */
  listed: u32;
  inFileIndex: u32;
  /** Its chain can't be followed to its end, or lacks links. */
  brokenChain: u32;
}

@unmanaged
export class AnonVmaNote {
  children: u32;
  /** Bits: has VMAs, its index can't be followed to its end, a VMA is mistaken about it. */
  marks: u32;
  /** Places of KSM that pin it. */
  pins: u32;
  /** The VMA from whose chain it was marked last. */
  markedBy: u32;
  /** What is recounted: VMAs that call it their own, and then anon_vmas whose parent it is. */
  recount: u32;
}

/** Bits of AnonVmaNote.marks. */
export const HAS_VMAS: u32 = 1;
export const BROKEN_INDEX: u32 = 2;
/** A VMA is mistaken about its own. */
export const MISTAKEN: u32 = 4;

@unmanaged
export class ChainNote {
  onVma: u32;
  indexed: u32;
}

@unmanaged
export class MappingNote {
  brokenIndex: u32;
  /** Its list of nonlinear VMAs can't be followed to its end. */
  brokenList: u32;
  /** Open files that lead to it. */
  files: u32;
}

/** Of open files. */
@unmanaged
export class FileNote {
  vmas: u32;
}

/** Of page tables and page cache nodes. */
@unmanaged
export class TableNote {
  seen: u32;
}

@unmanaged
export class SwapNote {
  entries: u32;
}

/** Of places and stable nodes of KSM. */
@unmanaged
export class KsmNote {
  /** Met in the list it belongs to: of its address space, or of all nodes. */
  listed: u32;
  /** Places met that share the node's page; of a place, 1 once its node was met to list it. */
  sharing: u32;
  /** Of a node: its list of places can't be followed to its end. */
  brokenList: u32;
}

/** Of clients that are told of changes, and of the pages in their tables. */
@unmanaged
export class NotifierNote {
  /** Met in the list, or in the table, it belongs to. */
  met: u32;
}

/** Of memcgs: what was found charged. */
@unmanaged
export class MemcgNote {
  cache: i32;
  rss: i32;
  mappedFile: i32;
  children: u32;
  /** What the counters of those below it say that count for it as well. */
  below: u32;
}

/** Of promises of huge pages. */
@unmanaged
export class ReservationNote {
  /** VMAs met that share it. */
  vmas: u32;
  /** Its list of regions was gone through, and can be followed. */
  seen: u32;
  sound: u32;
}

export function census(): Census {
  return changetype<Census>(<usize>header().bytesInUse);
}

/** Everything zero; false when there is no memory for it. */
export function censusBegin(): bool {
  const state = header();
  const report: u32 = offsetof<Census>();
  const frames = report + 8 + <u32>(VIOLATIONS_LISTED * VIOLATION_RECORD);
  const frameTop = min(state.frameTop, state.frames);
  const notes = frames + (frameTop + 1) * offsetof<FrameNote>();
  // Slabs and tables were made after the page arrays, of which this is the last.
  const objects = state.pageGeneration & ~15;
  // Behind the notes: room to read a whole object at the last address that may be one.
  const places = notes + ((state.bytesInUse - objects) >> 1) + 4096;
  const placesRoom = slabLive(Cache.RmapItem);
  const bytes = <u64>places + ((<u64>placesRoom) << 2);
  const start = heapScratch(bytes);
  if (!start) return false;
  memory.fill(start, 0, <usize>bytes);
  const it = census();
  it.report = <u32>start + report;
  it.frames = <u32>start + frames;
  it.frameTop = frameTop;
  it.objects = objects;
  it.end = state.bytesInUse;
  it.notes = <u32>start + notes;
  it.places = <u32>start + places;
  it.placesRoom = placesRoom;
  return true;
}

/** A frame that was ever used: not the zero page. */
export function isFrame(frame: u32): bool {
  return frame != 0 && frame <= census().frameTop;
}

export function frameNote(frame: u32): FrameNote {
  return changetype<FrameNote>(<usize>census().frames + <usize>frame * offsetof<FrameNote>());
}

function noteAt(address: u32): usize {
  const it = census();
  return <usize>it.notes + <usize>((address - it.objects) >> 1);
}

function isInside(address: u32): bool {
  const it = census();
  return address >= it.objects && address < it.end;
}

/** Is there a live object of that type? */
export function isLive(cache: Cache, address: u32): bool {
  if (address & 7 || !isInside(address)) return false;
  return (load<u32>(<usize>address) & 63) == (((<u32>cache) << 1) | 1);
}

/** May a page table be there? */
export function isTable(address: u32): bool {
  return (address & 4095) == 0 && isInside(address);
}

export function mmNote(mm: u32): MmNote {
  return changetype<MmNote>(noteAt(mm));
}

export function vmaNote(vma: u32): VmaNote {
  return changetype<VmaNote>(noteAt(vma));
}

export function anonVmaNote(anonVma: u32): AnonVmaNote {
  return changetype<AnonVmaNote>(noteAt(anonVma));
}

export function chainNote(chain: u32): ChainNote {
  return changetype<ChainNote>(noteAt(chain));
}

export function mappingNote(mapping: u32): MappingNote {
  return changetype<MappingNote>(noteAt(mapping));
}

export function fileNote(file: u32): FileNote {
  return changetype<FileNote>(noteAt(file));
}

export function tableNote(table: u32): TableNote {
  return changetype<TableNote>(noteAt(table));
}

export function ksmNote(object: u32): KsmNote {
  return changetype<KsmNote>(noteAt(object));
}

export function notifierNote(object: u32): NotifierNote {
  return changetype<NotifierNote>(noteAt(object));
}

export function memcgNote(memcg: u32): MemcgNote {
  return changetype<MemcgNote>(noteAt(memcg));
}

export function reservationNote(reservation: u32): ReservationNote {
  return changetype<ReservationNote>(noteAt(reservation));
}

export function swapNote(slot: u32): SwapNote {
  return changetype<SwapNote>(noteAt(slot));
}

/** Names an address space: the lowest pid that runs in it, 0 if it is none or nobody's. */
export function pidOf(mm: u32): f64 {
  return isLive(Cache.Mm, mm) ? <f64>mmNote(mm).pid : 0;
}

/** Names the address space that a VMA says it is in. */
export function pidOfVma(vma: u32): f64 {
  return isLive(Cache.Vma, vma) ? pidOf(changetype<Vma>(<usize>vma).mm) : 0;
}

/** Where a VMA begins, 0 if it is none. */
export function startOfVma(vma: u32): f64 {
  return isLive(Cache.Vma, vma) ? <f64>changetype<Vma>(<usize>vma).start : 0;
}

export function pidOfMm(mm: MmStruct): f64 {
  return <f64>mmNote(<u32>changetype<usize>(mm)).pid;
}
