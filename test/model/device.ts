import type { AddressSpace, PresentEntry } from "./address-space.js";
import { fail, Failure } from "./failure.js";
import { faultTidily } from "./fault.js";
import { PartEntry, touchWhole } from "./huge-page.js";
import { populateIfLocked } from "./lock-call.js";
import type { Page } from "./page.js";
import { growTo } from "./stack.js";
import type { Vma } from "./vma.js";

export type DeviceKind = "kvm" | "rdma";

/** What a device's own table shows at a page number; null is the zero page. */
export interface Shown {
  readonly page: Page | null;
  writable: boolean;
  /** It was used since somebody last asked. */
  young: boolean;
}

/** A network card finds so many pages at once. */
const BLOCK = 4;

/** Comes to the memory of an address space by itself. It shows nothing that it was told is not so any more. */
export class Device {
  readonly shown = new Map<number, Shown>();
  /** Changes that it was told of. */
  told = 0;

  constructor(
    readonly space: AddressSpace,
    readonly kind: DeviceKind,
  ) {
    space.devices.push(this);
  }

  get attached(): boolean {
    return this.space.devices.includes(this);
  }

  detach(): void {
    if (!this.attached) fail("ESTALE");
    this.shown.clear();
    this.space.devices = this.space.devices.filter((other) => other !== this);
  }

  /** Reads or writes a page's word as the device; the word that is there afterwards. EFAULT, ESTALE. */
  access(address: number, write: boolean, word = 0): number {
    if (!this.attached) fail("ESTALE");
    if (!this.allows(address, write)) this.find(address, write);
    const shown = this.shown.get(address);
    if (shown === undefined) throw new Error("a device that has found a page shows it");
    if (this.kind === "kvm") shown.young = true;
    if (write && shown.page !== null) shown.page.write(word);
    return (write ? shown.page?.word : shown.page?.read()) ?? 0;
  }

  private allows(address: number, write: boolean): boolean {
    const shown = this.shown.get(address);
    return shown !== undefined && (!write || shown.writable);
  }

  /** What it is told of while it looks makes it look again. */
  private find(address: number, write: boolean): void {
    const vma = vmaFor(this.space, address);
    if (vma === undefined || !(write ? vma.flags.write : vma.flags.read)) fail("EFAULT");
    let found: number[];
    let before: number;
    do {
      before = this.told;
      bringIn(vma, address, write);
      found = [address, ...this.neighbours(vma, address, write)];
      for (const place of found) touch(this.space, place, write);
    } while (this.told !== before);
    for (const place of found) this.show(place, write);
  }

  /** What else of its block is there already. */
  private neighbours(vma: Vma, address: number, write: boolean): number[] {
    if (this.kind === "kvm") return [];
    const block = address - (address % BLOCK);
    const others = Array.from({ length: BLOCK }, (_, i) => block + i).filter(
      (it) => it !== address,
    );
    return others.filter((other) => vma.holds(other) && isThere(vma, other, write));
  }

  private show(address: number, write: boolean): void {
    const { page } = present(this.space, address);
    const before = this.shown.get(address);
    const writable = write || before?.writable === true;
    this.shown.set(address, { page, writable, young: before?.young === true });
  }
}

/** The VMA there; a stack grows for it, and is made present where it is locked. */
function vmaFor(space: AddressSpace, address: number): Vma | undefined {
  const vma = space.atOrAbove(address);
  if (vma === undefined || vma.start <= address) return vma;
  const { start } = vma;
  try {
    growTo(vma, address);
  } catch (error) {
    if (error instanceof Failure) fail("EFAULT");
    throw error;
  }
  populateIfLocked(vma, address, start);
  return vma;
}

function present(space: AddressSpace, address: number): PresentEntry {
  const entry = space.entries.get(address);
  if (entry === undefined || !("page" in entry)) throw new Error("nothing to show");
  return entry;
}

/** get_user_pages has used what it finds, and what is to be written will be dirty. */
function touch(space: AddressSpace, address: number, write: boolean): void {
  const entry = present(space, address);
  const { page, dirty } = entry;
  if (page === null) return;
  if (entry instanceof PartEntry) {
    touchWhole(entry);
    return;
  }
  if (write && !dirty) page.setDirty();
  page.lists.markAccessed(page);
}

/** Whatever would end a process is for a device a page that can't be had. ENOMEM, EFAULT. */
function bringIn(vma: Vma, address: number, write: boolean): void {
  try {
    while (!isThere(vma, address, write)) faultTidily(vma, address, write);
  } catch (error) {
    if (error instanceof Failure && error.code !== "ENOMEM") fail("EFAULT");
    throw error;
  }
}

function isThere(vma: Vma, address: number, write: boolean): boolean {
  const entry = vma.space.entries.get(address);
  return entry !== undefined && "page" in entry && (!write || entry.writable);
}
