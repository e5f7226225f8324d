// What files and their page caches get wrong.

import { Violated } from "../../../assembly/violated.js";
import { file, times, vma, type Wordings } from "./words.js";

export const fileWordings = {
  [Violated.CachedElsewhere]: (frame, inode, owner) =>
    `page ${frame} is in the page cache of ${file(inode)}, but belongs to ${file(owner)} or is ` +
    "cached twice",
  [Violated.Uncached]: (frame, inode) =>
    `page ${frame} belongs to ${file(inode)}, but is not in its page cache`,
  [Violated.CachedIndex]: (frame, inode, found, expected) =>
    `page ${frame} has index ${found}, but is cached as page ${expected} of ${file(inode)}`,
  [Violated.CachedPages]: (inode, counter, found) =>
    `the page cache of ${file(inode)} counts ${times(counter, "page")}, it holds ${found}`,
  [Violated.CacheNode]: (inode) => `the page cache of ${file(inode)} does not hang together`,
  [Violated.FileUsers]: (inode, counter, found) =>
    `an open file of ${file(inode)} counts ${times(counter, "user")}, it has ${found}`,
  [Violated.InodeUsers]: (inode, counter, found) =>
    `${file(inode)} counts ${times(counter, "open file")}, it has ${found}`,
  [Violated.DirtyWithoutBuffers]: (frame) =>
    `page ${frame} of a disk is dirty, but has no buffers: its file system has not heard of it`,
  [Violated.FileGone]: (pid, start) => `${vma(pid, start)} maps a file that is gone`,
} satisfies Wordings;
