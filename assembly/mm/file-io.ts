// read(2) and write(2) of a page's first word: through the page cache, past the reverse map.

import { Errno } from "../abi/result";
import { AddressSpace, File, inodeMutex } from "../struct/address-space";
import { markPageAccessed } from "../struct/lru";
import { lockPage, pageReadWord, pageSetWord, unlockPage } from "../struct/page";
import { attachBuffers, setPageDirty } from "../struct/page-dirty";
import { putPage } from "../struct/page-frame";
import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { isPageOf } from "./file";
import { pageCacheRead } from "./page-cache-read";
import { waitOnPageWriteback } from "./writeback";

/** The word, 0 beyond the end of the file, or -Errno. */
export function fileRead(file: File, index: u64): f64 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  if (index >= mapping.size) return 0;
  const frame = pageCacheRead(mapping, index, 0);
  if (!frame) return <f64>-Errno.ENOMEM;
  markPageAccessed(frame);
  const word = pageReadWord(frame);
  putPage(frame);
  return word;
}

/** grab_cache_page_write_begin: the cached page, locked, with a reference; 0 when memory is exhausted. */
function grabPage(mapping: AddressSpace, index: u64): u32 {
  while (true) {
    const frame = pageCacheRead(mapping, index, 0);
    if (!frame) return 0;
    lockPage(frame, Doing.FileIo);
    // The inode's mutex keeps truncation out, but not reclaim and invalidation.
    if (isPageOf(mapping, frame)) return frame;
    unlockPage(frame);
    putPage(frame);
  }
}

/** Writes the word; the file grows if it has to. 0, or an Errno. */
export function fileWrite(file: File, index: u64, word: f64): i32 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  lock(inodeMutex(mapping), LockClass.InodeMutex, Doing.FileIo);
  const frame = grabPage(mapping, index);
  if (frame) {
    waitOnPageWriteback(frame);
    attachBuffers(mapping, frame);
    pageSetWord(frame, word);
    setPageDirty(frame);
    mapping.size = max(mapping.size, index + 1);
    unlockPage(frame);
    markPageAccessed(frame);
    putPage(frame);
  }
  unlock(inodeMutex(mapping));
  return frame ? 0 : Errno.ENOMEM;
}
