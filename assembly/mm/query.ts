// What JavaScript asks, and the little it does besides operations: files, recording, counters. Results of more than one number are left in scratch
// memory; a function that leaves records returns their address, 0 when memory is exhausted.

import { FileField, PageField, TaskField, EntryKind } from "../abi/field";
import { PageFlag } from "../abi/flag";
import { FileKind } from "../abi/machine";
import { ENTRY_RECORD } from "../abi/memory";
import { Errno } from "../abi/result";
import { HUGE_PAGES, PAGE_SIZE } from "../abi/unit";
import { hasStorageKeys, pageStorageKey } from "../arch/storage-key";
import { eventsEnable, eventsForget } from "../memory/event";
import { frameHandle, handleOf, objectOf } from "../memory/handle";
import { header, resetCounters } from "../memory/header";
import { heapScratch } from "../memory/heap";
import { setWalkTraces } from "../memory/walk-mark";
import { Cache } from "../memory/slab";
import { OUTSIDE, pageAddressInVma, pageMappedInVma } from "../rmap/address";
import { rmapWalk, stab } from "../rmap/walk";
import { resetLockCounters } from "../sync/lock-counter";
import { AddressSpace, File, fileOpen, isHugetlb } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { memcgAt } from "../struct/memcg";
import { MmStruct } from "../struct/mm-struct";
import {
  compoundHead,
  mappingIsAnon,
  pageAnonVma,
  pageCompound,
  pageFileMapping,
  pageFlags,
  pageGeneration,
  pageInUse,
  pageIndex,
  pageIsKsm,
  pageMapcount,
  pageMapped,
  pageMapping,
  pageMemcg,
  pagePins,
  pageRefcount,
  pageWord,
  pageIsHugetlb,
} from "../struct/page";
import { isCharged } from "../struct/page-cgroup";
import { entryOf } from "../struct/page-table";
import { pteFrame, pteIsPage, pteIsPresent } from "../struct/pte";
import { isSwapCountFrame } from "../struct/swap-slot";
import { Task } from "../struct/task";
import { Vma } from "../struct/vma";
import { frameOf } from "./argument";
import { fileClose, fileCreate } from "./file";
import { mmOf } from "./process";
import { describeEntries, describeMappings, describeVmaAt, describeVmas } from "./report";
import { TASK_SIZE } from "./unmapped-area";
import { findVma } from "./vma-list";

function fail(error: i32): f64 {
  return <f64>-error;
}

export function memoryInUse(): u32 {
  return header().bytesInUse;
}

/** VMAs of all address spaces now. */
export function vmaCount(): u32 {
  return header().vmas;
}

/** The most VMAs there were at once since the last reset. */
export function peakVmaCount(): u32 {
  return header().peakVmas;
}

/** The most VMAs that one address space had since the last reset. */
export function peakMapCount(): u32 {
  return header().peakMapCount;
}

/** Counts start from 0 again, peaks from what is there. */
export function countersReset(): void {
  const state = header();
  resetCounters();
  if (CHECKED) resetLockCounters();
  state.peakVmas = state.vmas;
  state.peakMapCount = 0;
  for (let at = state.mms; at; at = changetype<MmStruct>(<usize>at).next) {
    state.peakMapCount = max(state.peakMapCount, changetype<MmStruct>(<usize>at).mapCount);
  }
}

/** Does this build count locks and steps? Release does not. */
export function locksAreCounted(): i32 {
  return CHECKED ? 1 : 0;
}

/** Records at most so many events from now on, 0 none, and forgets what was recorded; 0 or ENOMEM. */
export function eventsRecord(capacity: u32): i32 {
  return eventsEnable(capacity) ? 0 : Errno.ENOMEM;
}

/** Whether walks tell what they do as they go, as events; 0, or EINVAL in a build that can't. */
export function walksTrace(on: i32): i32 {
  if (!CHECKED) return on ? Errno.EINVAL : 0;
  setWalkTraces(on != 0);
  return 0;
}

export function eventsClear(): void {
  eventsForget();
}

/** How many events happened; those beyond the buffer were dropped. */
export function eventsRecorded(): u32 {
  return header().eventCount;
}

/** How many of them can be read. */
export function eventsKept(): u32 {
  return min(header().eventCount, header().eventCapacity);
}

export function eventsAt(): u32 {
  return header().eventBuffer;
}

/** Handles of all tasks by pid, f64 each; the number of them is the first f64. */
export function taskList(): u32 {
  let n: u32 = 0;
  for (let at = header().tasks; at; at = changetype<Task>(<usize>at).next) n++;
  const out = heapScratch(8 + ((<u64>n) << 3));
  if (!out) return 0;
  store<f64>(out, <f64>n);
  let slot = out + 8;
  for (let at = header().tasks; at; at = changetype<Task>(<usize>at).next) {
    store<f64>(slot, handleOf(<usize>at));
    slot += 8;
  }
  return <u32>out;
}

/** One of TaskField, or -ESRCH. */
export function taskField(handle: f64, field: i32): f64 {
  const object = objectOf(Cache.Task, handle);
  if (!object) return fail(Errno.ESRCH);
  const task = changetype<Task>(object);
  const mm = mmOf(object);
  switch (field) {
    case TaskField.Pid:
      return <f64>task.pid;
    case TaskField.ParentPid:
      return <f64>task.parentPid;
    case TaskField.AnonRss:
      return <f64>mm.anonRss;
    case TaskField.FileRss:
      return <f64>mm.fileRss;
    case TaskField.SwapRss:
      return <f64>mm.swapRss;
    case TaskField.MapCount:
      return <f64>mm.mapCount;
    case TaskField.Brk:
      return <f64>mm.brk;
    case TaskField.LockedVm:
      return <f64>mm.lockedVm;
    case TaskField.Memcg:
      return <f64>memcgAt(mm.memcg).number;
    case TaskField.MemcgHandle:
      return handleOf(<usize>mm.memcg);
    case TaskField.Signal:
      return <f64>task.signal;
    case TaskField.SignalAddress:
      return <f64>task.signalAddress;
    case TaskField.SignalSequence:
      return <f64>task.signalSequence;
    case TaskField.TokenPriority:
      return <f64>mm.tokenPriority;
    case TaskField.TokenInterval:
      return <f64>mm.lastInterval;
    case TaskField.Faultstamp:
      return <f64>mm.faultstamp;
    case TaskField.Held:
      return <f64>task.held;
    default:
      return handleOf(changetype<usize>(mm));
  }
}

function mmOfHandle(handle: f64): MmStruct | null {
  const task = objectOf(Cache.Task, handle);
  return task ? mmOf(task) : null;
}

/** VMA records of a task, MapCount of them. */
export function vmasOf(handle: f64): u32 {
  const mm = mmOfHandle(handle);
  return mm ? <u32>describeVmas(mm) : 0;
}

/** Record of the VMA of a task that holds an address, 0 if none does. */
export function vmaAt(handle: f64, address: f64): u32 {
  const mm = mmOfHandle(handle);
  return mm ? <u32>describeVmaAt(mm, <u64>address) : 0;
}

/** Entries of a task of an EntryKind: how many. */
export function entryCount(handle: f64, kind: i32): u32 {
  const mm = mmOfHandle(handle);
  return mm ? describeEntries(mm, <EntryKind>kind, 0, 0) : 0;
}

/** Entry records of a task, entryCount of them. */
export function entriesOf(handle: f64, kind: i32): u32 {
  const mm = mmOfHandle(handle);
  if (!mm) return 0;
  const n = describeEntries(mm, <EntryKind>kind, 0, 0);
  const out = heapScratch(<u64>n * <u64>ENTRY_RECORD);
  if (out) describeEntries(mm, <EntryKind>kind, out, n);
  return <u32>out;
}

/** Handle of the page that an address shows: 0 if none is present, -1 for the zero page. */
export function pageAtAddress(handle: f64, address: f64): f64 {
  const mm = mmOfHandle(handle);
  if (!mm) return fail(Errno.ESRCH);
  if (!(address >= 0 && address < <f64>TASK_SIZE)) return 0;
  const entry = entryOf(mm, <u64>address);
  if (!pteIsPresent(entry)) return 0;
  return pteIsPage(entry) ? pageHandle(pteFrame(entry)) : -1;
}

/** Handle of the page in a frame, 0 if the frame is free, no frame, or holds a swap slot's count. */
export function pageHandle(frame: u32): f64 {
  if (frame == 0 || frame > header().frameTop || !pageInUse(frame)) return 0;
  if (isSwapCountFrame(frame)) return 0;
  return frameHandle(frame, pageGeneration(frame));
}

/** A tail is whatever its huge page is, and perhaps broken by itself. */
function flagsOf(page: u32, head: u32): u32 {
  const flags = pageFlags(page);
  return page == head ? flags : flags | (pageFlags(head) & ~PageFlag.Head);
}

/** One of PageField, or -ESTALE. */
export function pageField(handle: f64, field: i32): f64 {
  const page = frameOf(handle);
  if (!page) return fail(Errno.ESTALE);
  // What counts for all of a huge page is kept with its head.
  const frame = compoundHead(page);
  switch (field) {
    case PageField.Mapcount:
      return <f64>pageMapcount(frame);
    case PageField.Refcount:
      return <f64>pageRefcount(frame);
    case PageField.Index:
      // Of the pool's huge pages it counts in huge pages.
      return <f64>(pageIndex(frame) + (pageIsHugetlb(frame) ? 0 : <u64>(page - frame)));
    case PageField.Flags:
      return <f64>flagsOf(page, frame);
    case PageField.Word:
      return pageWord(page);
    case PageField.HugePage:
      return pageCompound(page) ? <f64>frame : 0;
    case PageField.Hugetlb:
      return pageIsHugetlb(frame) ? 1 : 0;
    case PageField.AnonVma: {
      // The pointer is only right while the page is mapped.
      const anonVma = pageMapped(frame) ? pageAnonVma(frame) : 0;
      return anonVma ? <f64>changetype<AnonVma>(<usize>anonVma).number : 0;
    }
    case PageField.Ksm:
      return pageIsKsm(frame) ? 1 : 0;
    case PageField.Memcg:
      return isCharged(frame) ? <f64>memcgAt(pageMemcg(frame)).number : 0;
    case PageField.Anon:
      return mappingIsAnon(pageMapping(frame)) ? 1 : 0;
    case PageField.Pins:
      return <f64>pagePins(page);
    case PageField.StorageKey:
      return hasStorageKeys() ? <f64>pageStorageKey(page) : 0;
    default: {
      const mapping = pageFileMapping(frame);
      return mapping ? <f64>changetype<AddressSpace>(<usize>mapping).inode : 0;
    }
  }
}

/** Mapping records of a page, its Mapcount of them; those the reverse map did not find have mm 0. */
export function mappingsOf(handle: f64): u32 {
  const frame = frameOf(handle);
  return frame ? <u32>describeMappings(frame) : 0;
}

/** A full rmap_walk: present entries found, or -ESTALE. */
export function walkPage(handle: f64): f64 {
  const frame = compoundHead(frameOf(handle));
  if (!frame) return fail(Errno.ESTALE);
  return pageMapped(frame) ? <f64>rmapWalk(frame, 0, 0) : 0;
}

/**
 * page_address_in_vma for the VMA of a task that begins at `start`: the address, or -1 if the page can't be
 * there. With `mapped` page_mapped_in_vma: 0, or -1 if it is not. Or -ESTALE.
 */
export function pageInVma(handle: f64, task: f64, start: f64, mapped: i32): f64 {
  const frame = frameOf(handle);
  const mm = mmOfHandle(task);
  const vma = frame && mm ? findVma(mm, <u64>start) : 0;
  if (!vma) return fail(Errno.ESTALE);
  const it = changetype<Vma>(<usize>vma);
  if (<f64>it.start != start) return fail(Errno.ESTALE);
  if (mapped) return pageMappedInVma(frame, it) ? 0 : -1;
  const head = compoundHead(frame);
  const address = pageAddressInVma(head, it);
  return address == OUTSIDE ? -1 : <f64>address + <f64>(frame - head) * <f64>PAGE_SIZE;
}

/** VMAs that the index offers for the page and that hold its pgoff, or -ESTALE, -ENOMEM. */
export function stabPage(handle: f64): f64 {
  const frame = compoundHead(frameOf(handle));
  if (!frame) return fail(Errno.ESTALE);
  if (!pageMapped(frame)) return 0;
  const out = heapScratch(4);
  if (!out) return fail(Errno.ENOMEM);
  store<u32>(out, frame);
  return <f64>stab(out, 1);
}

/** An open file of a new inode, or -ENOMEM. firstWord -1: all pages start as zero. */
export function fileMake(kind: i32, pages: f64, firstWord: f64): f64 {
  const file = fileCreate(<FileKind>kind, <u64>pages, firstWord);
  if (!file) return fail(Errno.ENOMEM);
  changetype<File>(file).held = 1;
  return handleOf(file);
}

/** Another open of the same inode, or -ESTALE, -ENOMEM. */
export function fileReopen(handle: f64): f64 {
  const file = objectOf(Cache.File, handle);
  if (!file || !changetype<File>(file).held) return fail(Errno.ESTALE);
  const mapping = changetype<AddressSpace>(<usize>changetype<File>(file).mapping);
  const again = fileOpen(mapping);
  if (!again) return fail(Errno.ENOMEM);
  changetype<File>(again).held = 1;
  return handleOf(again);
}

/** Drops the opener's hold; mappings keep theirs. 0 or -ESTALE. */
export function fileRelease(handle: f64): f64 {
  const file = objectOf(Cache.File, handle);
  if (!file || !changetype<File>(file).held) return fail(Errno.ESTALE);
  changetype<File>(file).held = 0;
  fileClose(<u32>file);
  return 0;
}

/** One of FileField, or -ESTALE. */
export function fileField(handle: f64, field: i32): f64 {
  const file = objectOf(Cache.File, handle);
  if (!file) return fail(Errno.ESTALE);
  const mapping = changetype<AddressSpace>(<usize>changetype<File>(file).mapping);
  switch (field) {
    case FileField.Inode:
      return <f64>mapping.inode;
    case FileField.Kind:
      return <f64>mapping.kind;
    case FileField.Cached:
      return <f64>(isHugetlb(mapping) ? mapping.pages * <u32>HUGE_PAGES : mapping.pages);
    default:
      return <f64>mapping.size;
  }
}
