import type { Kernel, Process } from "../../bindings/index.js";
import type { LruList, VmStat } from "../../assembly/abi/counter.js";
import { VMSTAT_AT } from "../../assembly/abi/memory.js";
import { layout, sizeOf, type Layout } from "./layout.js";

const HEADER = 0x7000;
const PAGE = 4096;
const ENTRIES = 512;
const LRU_BYTES = 16;
const LRU_LISTS = 5;
const PRIORITIES = 13;

/** A record in linear memory, read and written by the names of its fields. */
export class RawRecord {
  readonly #layout: Layout;

  constructor(
    private readonly machine: RawMachine,
    readonly address: number,
    record: string,
  ) {
    this.#layout = layout(record);
  }

  /** Address of a field. */
  at(field: string): number {
    const found = this.#layout.get(field);
    if (!found) throw new Error(`no field ${field}`);
    return this.address + found.offset;
  }

  get(field: string): number {
    const wide = this.#layout.get(field)?.bytes === 8;
    return wide ? this.machine.get64(this.at(field)) : this.machine.get32(this.at(field));
  }

  set(field: string, value: number): void {
    const wide = this.#layout.get(field)?.bytes === 8;
    if (wide) this.machine.set64(this.at(field), value);
    else this.machine.set32(this.at(field), value);
  }

  add(field: string, difference: number): void {
    this.set(field, this.get(field) + difference);
  }

  /** The record that a field points to. */
  follow(field: string, record: string): RawRecord {
    const address = this.get(field);
    if (!address) throw new Error(`${field} points nowhere`);
    return new RawRecord(this.machine, address, record);
  }
}

/** Per-frame arrays of the header, and how wide their elements are. */
const arrays = {
  pageFlags: 4,
  pageMapcount: 4,
  pageRefcount: 4,
  pageMapping: 4,
  pageIndex: 8,
  pagePrivate: 4,
  pageLruNext: 4,
  pageLruPrev: 4,
  pageMemcg: 4,
  pagePins: 4,
  // Eight frames a byte.
  storageKeys: 1 / 8,
  keysChanged: 1 / 8,
  pageCgroup: 4,
} as const;

/** A kernel's linear memory as its documented records, to look at and to damage. */
export class RawMachine {
  readonly header: RawRecord;

  constructor(readonly kernel: Kernel) {
    this.header = new RawRecord(this, HEADER, "Header");
  }

  get view(): DataView {
    return new DataView(this.kernel.core.memory.buffer);
  }

  get32(address: number): number {
    return this.view.getUint32(address, true);
  }

  set32(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  get64(address: number): number {
    return Number(this.view.getBigUint64(address, true));
  }

  set64(address: number, value: number): void {
    this.view.setBigUint64(address, BigInt(value), true);
  }

  /** Adds to a number of /proc/vmstat. */
  addVmStat(stat: VmStat, difference: number): void {
    const at = VMSTAT_AT + stat * 8;
    this.view.setFloat64(at, this.view.getFloat64(at, true) + difference, true);
  }

  record(address: number, name: string): RawRecord {
    return new RawRecord(this, address, name);
  }

  /** A memory cgroup, by its number. */
  memcg(number: number): RawRecord {
    let memcg = this.header.follow("rootMemcg", "Memcg");
    while (memcg.get("number") !== number) memcg = memcg.follow("next", "Memcg");
    return memcg;
  }

  /** Where a processor counts moves of charges from a memory cgroup: the last of what follows the record. */
  onMoveAt(memcg: RawRecord, processor: number): number {
    return memcg.address + sizeOf("Memcg") + LRU_LISTS * LRU_BYTES + (PRIORITIES + processor) * 4;
  }

  /** A list of reclaim of the root memory cgroup. */
  lru(list: LruList): RawRecord {
    const root = this.header.follow("rootMemcg", "Memcg");
    return new RawRecord(this, root.address + sizeOf("Memcg") + list * LRU_BYTES, "Lru");
  }

  /** All bytes of the machine. */
  bytes(): Uint8Array {
    return new Uint8Array(this.kernel.core.memory.buffer).slice(0, this.kernel.memoryInUse);
  }

  /** Address of a frame's element of an array. */
  frameAt(array: keyof typeof arrays, frame: number): number {
    return this.header.get(array) + Math.floor(frame * arrays[array]);
  }

  mm(process: Process): RawRecord {
    for (let at = this.header.get("tasks"); at;) {
      const task = new RawRecord(this, at, "Task");
      if (task.get("pid") === process.pid) return task.follow("mm", "MmStruct");
      at = task.get("next");
    }
    throw new Error(`no task ${process.pid}`);
  }

  vma(process: Process, address: number): RawRecord {
    for (let at = this.mm(process).get("mmap"); at;) {
      const vma = new RawRecord(this, at, "Vma");
      if (vma.get("start") <= address && address < vma.get("end")) return vma;
      at = vma.get("next");
    }
    throw new Error(`no VMA at ${address} of ${process.pid}`);
  }

  /** Links of a VMA's chain, newest first. */
  chain(process: Process, address: number): RawRecord[] {
    const links: RawRecord[] = [];
    for (let at = this.vma(process, address).get("chainHead"); at;) {
      const link = new RawRecord(this, at, "AnonVmaChain");
      links.push(link);
      at = link.get("older");
    }
    return links;
  }

  anonVma(process: Process, address: number): RawRecord {
    return this.vma(process, address).follow("anonVma", "AnonVma");
  }

  file(process: Process, address: number): RawRecord {
    return this.vma(process, address).follow("file", "File").follow("mapping", "AddressSpace");
  }

  /** Address of the entry of the huge page that an address shows: the table for its split begins with it. */
  hugeEntryAt(process: Process, address: number): number {
    let slot = this.mm(process).get("pgd");
    for (const bytes of [2 ** 39, 2 ** 30, 2 ** 21]) {
      slot = this.get32(slot + (Math.floor(address / bytes) % ENTRIES) * 8);
    }
    return slot - 1;
  }

  /** Address of the page-table entry of an address. */
  entryAt(process: Process, address: number): number {
    let table = this.mm(process).get("pgd");
    for (const bytes of [2 ** 39, 2 ** 30, 2 ** 21]) {
      table = this.get32(table + (Math.floor(address / bytes) % ENTRIES) * 8);
    }
    return table + (Math.floor(address / PAGE) % ENTRIES) * 8;
  }

  /** The slot that a swap entry names. */
  swapSlot(process: Process, address: number): RawRecord {
    const entry = this.get64(this.entryAt(process, address));
    return new RawRecord(this, Math.floor(entry / PAGE) * 8, "SwapSlot");
  }
}
