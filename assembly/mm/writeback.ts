// Pages are written: to their file, or to swap. I/O is done at once, unless it is held: then pages stay
// under writeback until it is let go, or until somebody has to wait for one.

import { Doing } from "../locks";
import { Counter, LruList, VmStat } from "../abi/counter";
import { Event } from "../abi/event";
import { PageFlag } from "../abi/flag";
import { event } from "../memory/event";
import { count, header, vmStat } from "../memory/header";
import { pageMkclean } from "../rmap/mkclean";
import { accountsDirty, AddressSpace } from "../struct/address-space";
import { lruPrev, rotateReclaimablePage } from "../struct/lru";
import { Lru, memcgAt, memcgLru } from "../struct/memcg";
import {
  lockPage,
  pageClear,
  pageFileMapping,
  pageIndex,
  pageReadWord,
  pageSet,
  pageTest,
  pageTestAndClear,
  unlockPage,
} from "../struct/page";
import { pageCacheNext } from "../struct/page-cache";
import { attachBuffers, setPageDirty, testClearPageDirty } from "../struct/page-dirty";
import { getPage, putPage } from "../struct/page-frame";
import { fileStore } from "./file-data";
import { swapWrite } from "./swap";

/** end_page_writeback: true if reclaim has waited for it. */
function endPageWriteback(frame: u32): bool {
  if (!pageTest(frame, PageFlag.Writeback)) return false;
  pageClear(frame, PageFlag.Writeback);
  vmStat(VmStat.NrWriteback, -1);
  return pageTestAndClear(frame, PageFlag.Reclaim);
}

/** Whoever has to wait makes the I/O come to its end. It has locked the page, which stays where it is therefore. */
export function waitOnPageWriteback(frame: u32): void {
  endPageWriteback(frame);
}

/** page_mkwrite of a locked page: the file system hears that somebody is about to write to it. */
export function pageMkwrite(mapping: AddressSpace, frame: u32): void {
  attachBuffers(mapping, frame);
  waitOnPageWriteback(frame);
}

/**
 * A file's page goes where it is kept: only a disk's can. One without buffers is more than a disk's file system can
 * do (XFS asserts that it has some); here it is written, and counted.
 */
function storePage(mapping: AddressSpace, frame: u32): bool {
  if (!accountsDirty(mapping)) return false;
  if (!pageTest(frame, PageFlag.Private)) {
    count(Counter.BuffersMissing, 1);
    event(Event.BuffersMissing, <f64>frame, 0, 0);
  }
  const index = pageIndex(frame);
  return fileStore(mapping, index, index, pageReadWord(frame));
}

/** Writes a locked page's contents to where it is kept; it is under writeback if I/O is held. False: it can't be. */
export function writePage(frame: u32): bool {
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  if (!pageTest(frame, PageFlag.SwapCache)) {
    if (!mapping) return false;
    if (!storePage(mapping, frame)) return false;
  } else {
    swapWrite(frame);
  }
  event(Event.Written, <f64>frame, 0, 0);
  pageSet(frame, PageFlag.Writeback);
  vmStat(VmStat.NrWriteback, 1);
  if (!header().ioHeld) endPageWriteback(frame);
  return true;
}

/** Ends the I/O of the pages on a list, the oldest first, as reclaim has begun it. */
function endWritebackOn(list: Lru): void {
  let frame = list.tail;
  while (frame) {
    const younger = lruPrev(frame);
    if (endPageWriteback(frame)) rotateReclaimablePage(frame);
    frame = younger;
  }
}

/** Lets I/O go: every page under writeback is done. */
export function releaseIo(): void {
  header().ioHeld = 0;
  for (let memcg = header().rootMemcg; memcg; memcg = memcgAt(memcg).next) {
    endWritebackOn(memcgLru(memcg, LruList.InactiveAnon));
    endWritebackOn(memcgLru(memcg, LruList.InactiveFile));
  }
  for (let frame: u32 = 1; frame <= header().frameTop; frame++) endPageWriteback(frame);
}

/**
 * clear_page_dirty_for_io, of a locked page: true if it has to be written. Where dirty pages are accounted
 * for, entries are cleaned first, so that the next write is noticed.
 */
export function clearPageDirtyForIo(frame: u32): bool {
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  if (mapping && accountsDirty(mapping) && pageMkclean(frame)) setPageDirty(frame);
  return testClearPageDirty(frame);
}

/** Writes every dirty page of a file; how many. File systems that are only memory have nothing to do. */
export function writebackFile(mapping: AddressSpace): u32 {
  if (!accountsDirty(mapping)) return 0;
  let written: u32 = 0;
  let from: u64 = 0;
  for (let frame = pageCacheNext(mapping, from); frame; frame = pageCacheNext(mapping, from)) {
    from = pageIndex(frame) + 1;
    if (!pageTest(frame, PageFlag.Dirty)) continue;
    getPage(frame);
    lockPage(frame, Doing.Writeback);
    waitOnPageWriteback(frame);
    if (pageFileMapping(frame) == <u32>changetype<usize>(mapping) && clearPageDirtyForIo(frame)) {
      if (writePage(frame)) written++;
      else setPageDirty(frame);
    }
    unlockPage(frame);
    putPage(frame);
  }
  return written;
}
