import type { AddressSpace } from "./address-space.js";
import type { AnonVma } from "./anon-vma.js";
import type { OpenFile } from "./file.js";
import { sameApartFromAccess, type Flags } from "./flags.js";

/** A virtual memory area [start, end), in page numbers. */
export class Vma {
  anonVma: AnonVma | null = null;
  /** Every anon_vma that pages in here may name, oldest first. */
  chain: AnonVma[] = [];
  /** Of a nonlinear one: so many pages from its start try_to_unmap has searched in this round. */
  searched = 0;

  constructor(
    readonly space: AddressSpace,
    public start: number,
    public end: number,
    public pgoff: number,
    public flags: Flags,
    readonly file: OpenFile | null,
  ) {}

  get pages(): number {
    return this.end - this.start;
  }

  holds(page: number): boolean {
    return this.start <= page && page < this.end;
  }

  pgoffOf(page: number): number {
    return this.pgoff + (page - this.start);
  }

  addressOf(pgoff: number): number {
    return this.start + (pgoff - this.pgoff);
  }

  /** A fresh entry may be written without a fault. */
  get writableAtOnce(): boolean {
    return this.flags.shared && this.flags.write && !this.notifiesWrites;
  }

  /** Its entries are writable only after a fault that the file system hears of. */
  get notifiesWrites(): boolean {
    return this.file?.inode.accountsDirtyPages === true;
  }
}

/** Whether `b`, right behind `a`, could be one VMA with it but for read, write and execute. */
export function continues(a: Vma, b: Vma): boolean {
  return (
    a.end === b.start &&
    a.file === b.file &&
    a.pgoffOf(a.end) === b.pgoff &&
    sameApartFromAccess(a.flags, b.flags)
  );
}
