// A file gets another size.

import { PAGE_SHIFT } from "../abi";
import { fileIndexFirst, fileIndexNext } from "../index/file-index";
import { stepNode } from "../index/step";
import { AddressSpace, File, iMmapMutex, inodeMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { vmaLast } from "../struct/vma";
import { lock, LockClass, unlock } from "../sync/lock";
import { dropPagesFrom } from "./file";
import { zapFilePages } from "./zap";

/**
 * Empties every mapping of the file from a pgoff on.
 * @param evenCows private copies go too
 */
export function unmapMappingRange(mapping: AddressSpace, first: u64, evenCows: bool): void {
  const only: u32 = evenCows ? 0 : <u32>changetype<usize>(mapping);
  lock(iMmapMutex(mapping), LockClass.IMmapMutex);
  let node = stepNode(fileIndexFirst(mapping, first, u64.MAX_VALUE));
  for (; node; node = stepNode(fileIndexNext(node, first, u64.MAX_VALUE))) {
    const vma = vmaOfNode(node);
    const from = max(first, vma.pgoff);
    const start = vma.start + ((from - vma.pgoff) << PAGE_SHIFT);
    const end = vma.start + ((vmaLast(vma) - vma.pgoff + 1) << PAGE_SHIFT);
    zapFilePages(vma, start, end, only);
  }
  unlock(iMmapMutex(mapping));
}

/** Sets the file's size. Pages beyond a smaller one go, private copies of them too. */
export function truncateFile(file: File, pages: u64): void {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  lock(inodeMutex(mapping), LockClass.InodeMutex);
  const smaller = pages < mapping.size;
  mapping.size = pages;
  if (smaller) truncatePages(mapping, pages);
  unlock(inodeMutex(mapping));
}

function truncatePages(mapping: AddressSpace, pages: u64): void {
  mapping.dataEnd = min(mapping.dataEnd, pages);
  unmapMappingRange(mapping, pages, true);
  dropPagesFrom(mapping, pages);
  // A private copy may have been made of a page before it was dropped.
  unmapMappingRange(mapping, pages, true);
}
