// A file gets another size.

import { PAGE_SHIFT } from "../abi";
import { fileIndexFirst, fileIndexNext } from "../index/file-index";
import { stepNode } from "../index/step";
import { AddressSpace, File, iMmapMutex, inodeMutex } from "../struct/address-space";
import {
  getPage,
  lockPage,
  pageFileMapping,
  pageIndex,
  pageMapped,
  putPage,
  unlockPage,
} from "../struct/page";
import { pageCacheNext } from "../struct/page-cache";
import { vmaOfNode } from "../struct/interval-node";
import { vmaLast } from "../struct/vma";
import { lock, LockClass, unlock } from "../sync/lock";
import { deleteFromPageCache } from "./file";
import { zapFilePages } from "./zap";

/**
 * Empties every mapping of pages [first, last] of the file.
 * @param evenCows private copies go too
 */
function unmapMappingRange(mapping: AddressSpace, first: u64, last: u64, evenCows: bool): void {
  const only: u32 = evenCows ? 0 : <u32>changetype<usize>(mapping);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex);
  let node = stepNode(fileIndexFirst(mapping, first, last));
  for (; node; node = stepNode(fileIndexNext(node, first, last))) {
    const vma = vmaOfNode(node);
    const from = max(first, vma.pgoff) - vma.pgoff;
    const to = min(last, vmaLast(vma)) - vma.pgoff + 1;
    zapFilePages(vma, vma.start + (from << PAGE_SHIFT), vma.start + (to << PAGE_SHIFT), only);
  }
  unlock(iMmapMutex(mapping));
}

/** Drops the cached pages from a pgoff on, each under its lock, so that no fault maps it meanwhile. */
function truncateInodePages(mapping: AddressSpace, first: u64): void {
  for (let frame = pageCacheNext(mapping, first); frame; frame = pageCacheNext(mapping, first)) {
    getPage(frame);
    lockPage(frame);
    if (pageFileMapping(frame) == <u32>changetype<usize>(mapping)) {
      const index = pageIndex(frame);
      if (pageMapped(frame)) unmapMappingRange(mapping, index, index, false);
      deleteFromPageCache(mapping, frame);
    }
    unlockPage(frame);
    putPage(frame);
  }
}

/** Sets the file's size. Pages beyond a smaller one go, private copies of them too. */
export function truncateFile(file: File, pages: u64): void {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  lock(inodeMutex(mapping), LockClass.InodeMutex);
  const smaller = pages < mapping.size;
  mapping.size = pages;
  if (smaller) {
    mapping.dataEnd = min(mapping.dataEnd, pages);
    unmapMappingRange(mapping, pages, u64.MAX_VALUE, true);
    truncateInodePages(mapping, pages);
    // A private copy may have been made of a page before it was dropped.
    unmapMappingRange(mapping, pages, u64.MAX_VALUE, true);
  }
  unlock(inodeMutex(mapping));
}
