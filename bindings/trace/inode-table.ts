// The files of a capture, by path, and their opens.
//
// Two opens of one path are one inode and two open files: mappings of the two lie in one index and
// never merge. The kernel's file is made when the first mapping needs it.

import type { File } from "../kernel/file.js";
import type { Kernel } from "../kernel/kernel.js";

/** Pages that a file has whose size the capture does not tell. */
export const UNKNOWN_SIZE = 2 ** 32;

/** A file, whatever it is called at the moment. */
export class Inode {
  #file: File | null = null;
  #opens = 0;
  #pages = UNKNOWN_SIZE;

  constructor(
    /** Path, or the kernel's name for an object without one. Renames change it. */
    public path: string,
    /** Whether the path is the one that /proc/PID/maps shows: one from an argument may lead over links. */
    public resolved: boolean,
  ) {}

  get mapped(): boolean {
    return this.#file !== null;
  }

  /** Size in pages, UNKNOWN_SIZE until a call sets it. */
  get pages(): number {
    return this.#pages;
  }

  /** The kernel's file; null when nothing ever mapped it. */
  get file(): File | null {
    return this.#file;
  }

  /** Number by which VMAs name the file; null when nothing ever mapped it. */
  get number(): number | null {
    return this.#file?.inode ?? null;
  }

  /** Another open of the file. */
  open(kernel: Kernel): File {
    this.#file ??= kernel.createFile({
      pages: this.#pages,
      kind: isMemoryFile(this.path) ? "tmpfs" : "disk",
      name: this.path,
    });
    return this.#opens++ === 0 ? this.#file : this.#file.open();
  }

  /** Sets the size; mapped pages behind the new end go away. */
  truncate(pages: number): void {
    if (this.#file !== null && pages !== this.#pages) this.#file.truncate(pages);
    this.#pages = pages;
  }
}

/** One open of a file, shared by the descriptors that were duplicated or inherited from it. */
export class OpenFile {
  #file: File | null = null;

  constructor(readonly inode: Inode) {}

  /** The kernel's open file. */
  file(kernel: Kernel, byNumber: Map<number, Inode>): File {
    this.#file ??= this.inode.open(kernel);
    if (this.inode.number !== null) byNumber.set(this.inode.number, this.inode);
    return this.#file;
  }
}

/** Every file of a capture. */
export class InodeTable {
  readonly #byPath = new Map<string, Inode>();
  readonly #byNumber = new Map<number, Inode>();

  constructor(private readonly kernel: Kernel) {}

  /** The file at a path, as an open finds it. A name that is no path is an object of its own each time. */
  at(path: string, resolved = true): Inode {
    const name = withoutDeleted(path);
    const known = this.#byPath.get(name);
    if (known && isShareable(name)) return known;
    return this.create(name, resolved);
  }

  /** A new file at a path; one that was there lives on without it. */
  create(path: string, resolved = true): Inode {
    const name = withoutDeleted(path);
    const inode = new Inode(name, resolved);
    this.#byPath.set(name, inode);
    return inode;
  }

  /** The path names no file any more. */
  unlink(path: string): void {
    this.#byPath.delete(path);
  }

  rename(from: string, to: string): void {
    const inode = this.#byPath.get(from);
    if (!inode || from === to) return;
    this.#byPath.delete(from);
    this.#byPath.set(to, inode);
    inode.path = to;
  }

  /** The kernel's file for an open file. */
  fileOf(open: OpenFile): File {
    return open.file(this.kernel, this.#byNumber);
  }

  /** The file that a VMA of the kernel maps. */
  byNumber(number: number): Inode | null {
    return this.#byNumber.get(number) ?? null;
  }
}

/** A path without what the kernel adds when the file was unlinked. */
export function withoutDeleted(path: string): string {
  return path.endsWith(" (deleted)") ? path.slice(0, -10) : path;
}

function isShareable(path: string): boolean {
  return /^[/[]/.test(path) && !/^\/(SYSV|dev\/zero$|\[aio\]|anon_hugepage)/.test(path);
}

function isMemoryFile(path: string): boolean {
  return /^\/(dev\/shm\/|memfd:|SYSV|dev\/zero|anon_hugepage|\[aio\])|^\[/.test(path);
}
