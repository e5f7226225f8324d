// System V shared memory segments by id.

import type { Inode, InodeTable } from "./inode-table.js";

/** A segment: the file behind it, and its length when a call told it. */
export interface Segment {
  inode: Inode;
  /** Bytes; null until shmget or shmctl tells. */
  bytes: number | null;
  /** Removed, but there as long as somebody is attached; the id may be given to another segment. */
  removed: boolean;
}

/** The segments that a capture uses. */
export class SegmentTable {
  readonly #byId = new Map<number, Segment>();

  constructor(private readonly inodes: InodeTable) {}

  /** The segment of an id; one that was there before the capture is made up. */
  get(id: number): Segment {
    return this.#byId.get(id) ?? this.#create(id, 0, false);
  }

  /** What shmget tells of a segment: its key, and its length unless that is 0. */
  learn(id: number, key: number, bytes: number): void {
    const known = this.#byId.get(id);
    const segment = known && !known.removed ? known : this.#create(id, key, true);
    if (bytes > 0) segment.bytes ??= bytes;
  }

  /** IPC_RMID: attached still, it can be attached again. */
  remove(id: number): void {
    this.get(id).removed = true;
  }

  #create(id: number, key: number, resolved: boolean): Segment {
    const name = `/SYSV${(key >>> 0).toString(16).padStart(8, "0")}`;
    const segment = { inode: this.inodes.create(name, resolved), bytes: null, removed: false };
    this.#byId.set(id, segment);
    return segment;
  }
}
