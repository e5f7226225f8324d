import { PageField } from "../../assembly/abi/field.js";
import { PageFlag } from "../../assembly/abi/flag.js";
import { MAPPING_RECORD } from "../../assembly/abi/memory.js";
import { KernelError } from "../core/kernel-error.js";
import { failed, type Context } from "./context.js";
import type { File } from "./file.js";
import { Held } from "./held.js";
import type { Process } from "./process.js";
import { decodeKey, type StorageKey } from "./storage-key.js";
import { readVma, type Vma } from "./vma.js";

/** One place where a page is mapped. */
export interface Mapping {
  readonly process: Process;
  readonly address: number;
  readonly vma: Vma;
}

const FRAME_RANGE = 2 ** 28;

/** A physical page. Its properties are read when asked for; a page that was freed is ESTALE. */
export class Page extends Held {
  /** @internal */
  static readonly accepted = "a Page of this kernel (pageAt() is null where no page is present)";
  /** Frame number, from 1. */
  readonly frame: number;

  /** Made by pageAt() and kernel.page(): not for users. */
  constructor(context: Context, handle: number) {
    super(context, handle);
    this.frame = handle % FRAME_RANGE;
  }

  protected override get label(): string {
    return `page ${this.frame}`;
  }

  #field(field: PageField): number {
    const value = this.context.machine.core.pageField(this.handle, field);
    if (value < 0) throw failed(value, this.label, "it was freed");
    return value;
  }

  /** Entries that map it: 0 when it is not mapped (the kernel's own field starts at -1). */
  get mapcount(): number {
    return this.#field(PageField.Mapcount);
  }

  /** Entries, page cache, swap cache, pins. */
  get refcount(): number {
    return this.#field(PageField.Refcount);
  }

  /** pgoff in its file or anonymous object; of a huge page of the pool in huge pages. */
  get index(): number {
    return this.#field(PageField.Index);
  }

  /** PageFlag bits. */
  get flags(): number {
    return this.#field(PageField.Flags);
  }

  /** What it contains. */
  get word(): number {
    return this.#field(PageField.Word);
  }

  /** Number of the anon_vma it points to; 0 for file pages and while it is not mapped. */
  get anonVma(): number {
    return this.#field(PageField.AnonVma);
  }

  /** Inode of the file it belongs to, 0 for others. */
  get inode(): number {
    return this.#field(PageField.Inode);
  }

  /** Anonymous: neither a file's page nor one that its file has lost. */
  get anon(): boolean {
    return this.#field(PageField.Anon) === 1;
  }

  /** One that KSM shares: it belongs to no anon_vma. */
  get ksm(): boolean {
    return this.#field(PageField.Ksm) === 1;
  }

  /**
   * The first page of the huge page that it is part of, null if it is of none. What counts for the whole huge page
   * (mapcount, refcount, anonVma, cgroup, lists of reclaim, most flags) is the first page's.
   */
  get hugePage(): Page | null {
    const frame = this.#field(PageField.HugePage);
    if (!frame) return null;
    return this.context.pageOf(this.context.machine.core.pageHandle(frame));
  }

  /** Part of a huge page of the pool. */
  get hugetlb(): boolean {
    return this.#field(PageField.Hugetlb) === 1;
  }

  /** Number of the memory cgroup that it is charged to: 0 is the root. */
  get cgroup(): number {
    return this.#field(PageField.Memcg);
  }

  /** References that pin() and isolate() hold. */
  get pins(): number {
    return this.#field(PageField.Pins);
  }

  #has(flag: PageFlag): boolean {
    return (this.flags & flag) !== 0;
  }

  /** A locked VMA maps it, and its pages were made present or met since. */
  get mlocked(): boolean {
    return this.#has(PageFlag.Mlocked);
  }

  /** On the list of pages that reclaim leaves alone. */
  get unevictable(): boolean {
    return this.#has(PageFlag.Unevictable);
  }

  /** On, or last on, an active list. */
  get active(): boolean {
    return this.#has(PageFlag.Active);
  }

  /** PG_referenced: touched once since it last mattered. */
  get referenced(): boolean {
    return this.#has(PageFlag.Referenced);
  }

  /** Being written. */
  get writeback(): boolean {
    return this.#has(PageFlag.Writeback);
  }

  /** Has buffers of its file system. */
  get buffers(): boolean {
    return this.#has(PageFlag.Private);
  }

  /** PG_hwpoison: its frame is broken. */
  get poisoned(): boolean {
    return this.#has(PageFlag.HwPoison);
  }

  /** On one of the lists of reclaim. */
  get lru(): boolean {
    return this.#has(PageFlag.Lru);
  }

  /** In the swap cache: it has a place in swap. */
  get swapCache(): boolean {
    return this.#has(PageFlag.SwapCache);
  }

  /** Of memory that has only swap to go to: anonymous, tmpfs and shared memory. */
  get swapBacked(): boolean {
    return this.#has(PageFlag.SwapBacked);
  }

  /** Changed since it was written; of a page that is mapped, entries may know of more. */
  get dirty(): boolean {
    return this.#has(PageFlag.Dirty);
  }

  /** What an s390x has noted of its frame; null on other machines. */
  get storageKey(): StorageKey | null {
    if (this.context.options.arch !== "s390x") return null;
    return decodeKey(this.#field(PageField.StorageKey));
  }

  /** The file it belongs to, if that is known to JavaScript. */
  get file(): File | null {
    return this.context.fileOfInode(this.inode);
  }

  /**
   * Every place where it is mapped, found through the reverse map, in the order of the walk.
   *
   * @throws KernelError ESTALE, ENOMEM
   */
  mappings(): Mapping[] {
    const { machine } = this.context;
    const n = this.mapcount;
    const at = machine.core.mappingsOf(this.handle) >>> 0;
    if (!at) throw new KernelError("ENOMEM", this.label, "no room for the result");
    const mappings: Mapping[] = [];
    for (let i = 0; i < n; i++) {
      const record = at + i * MAPPING_RECORD;
      const { view } = machine;
      if (!view.getUint32(record, true)) break;
      const process = this.context.processOf(view.getFloat64(record + 88, true));
      mappings.push({
        process,
        address: view.getFloat64(record + 80, true),
        vma: readVma(this.context, process, record),
      });
    }
    return mappings;
  }
}
