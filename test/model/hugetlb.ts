import { fail } from "./failure.js";

/** Small pages of a huge one. */
const SMALL = 512;

/** What a VMA allows, as far as huge pages tell it apart. */
export type HugeProtection = "rw" | "r" | "none";

/** A huge page: whoever maps it or caches it keeps it from being free. */
export interface HugePage {
  /** Its first word. */
  word: number;
  /** Nobody gets it any more who does not have it already. */
  broken: boolean;
}

/** A file of huge pages, or what stands for one behind anonymous memory. */
export class HugeFile {
  readonly cache = new Map<number, HugePage>();
  /** Pages that shared mappings were promised, or that are there. */
  promised = new Set<number>();

  constructor(
    public size: number,
    public held: boolean,
  ) {}
}

/** Which pages of its mapping an owner has used up. All pieces of the mapping share it. */
interface Promise {
  readonly used: Set<number>;
}

interface HugeEntry {
  readonly page: HugePage;
  writable: boolean;
  /** It leads nowhere: the page was broken and taken away. */
  readonly marker?: boolean;
}

/** A VMA: places and offsets in huge pages. */
interface HugeVma {
  readonly space: HugeSpace;
  start: number;
  pages: number;
  pgoff: number;
  readonly file: HugeFile;
  readonly shared: boolean;
  protection: HugeProtection;
  /** null: nothing was promised, or not to this process. */
  readonly promise: Promise | null;
  /** A page of it was taken away for its owner's sake. */
  lost: boolean;
}

/** An address space. */
export class HugeSpace {
  vmas: HugeVma[] = [];
  readonly entries = new Map<number, HugeEntry>();

  at(place: number): HugeVma | undefined {
    return this.vmas.find(({ start, pages }) => start <= place && place < start + pages);
  }
}

/** What mmap is asked for; without a file it is anonymous. */
export interface HugeMapping {
  readonly start: number;
  readonly pages: number;
  readonly file: HugeFile | null;
  readonly pgoff: number;
  readonly shared: boolean;
  readonly reserves: boolean;
  readonly protection: HugeProtection;
}

/** How walks find the VMAs of a page, whose index counts huge pages where VMAs count small ones. */
export interface HugeSearch {
  /** The index is put in small pages first: then all is found. */
  readonly converts: boolean;

  /** All VMAs of the page's family are looked at: a list. */
  readonly goesOverAll: boolean;
  /** What a search offers must have the page: the machine stops where it has not. */
  readonly trusts: boolean;
}

/** A place that maps a page. */
interface HugePlace {
  readonly vma: HugeVma;
  readonly place: number;
}

/**
 * The naive model of hugetlb: what is free and what is promised is not counted along, but found anew from all
 * mappings and files whenever somebody asks.
 */
export class HugeMachine {
  readonly spaces: HugeSpace[] = [];
  readonly files: HugeFile[] = [];
  /** Those that memory failure has taken: the pool has them, and nobody gets them. */
  private readonly failed = new Set<HugePage>();

  constructor(
    public total: number,
    /** Most huge pages that there is room for. */
    private readonly room: number,
    private readonly search: HugeSearch = { converts: false, goesOverAll: false, trusts: false },
  ) {}

  get inUse(): number {
    const pages = new Set<HugePage>(this.failed);
    for (const { entries } of this.spaces) for (const { page } of entries.values()) pages.add(page);
    for (const { cache } of this.everyFile()) for (const page of cache.values()) pages.add(page);
    return pages.size;
  }

  get free(): number {
    return this.total - this.inUse;
  }

  get reserved(): number {
    let pages = 0;
    for (const { promised, cache } of this.everyFile()) pages += promised.size - cache.size;
    for (const vma of this.everyVma()) {
      for (const index of indexesOf(vma)) if (vma.promise?.used.has(index) === false) pages++;
    }
    return pages;
  }

  mapcount(page: HugePage): number {
    let entries = 0;
    for (const space of this.spaces) {
      for (const entry of space.entries.values()) if (maps(entry, page)) entries++;
    }
    return entries;
  }

  /** Another page of the pool takes a page's place if one is free and not promised, and all its mappings are found. */
  migrate(page: HugePage): "moved" | "busy" | "no-memory" {
    if (page.broken) return "busy";
    if (this.free <= this.reserved) return "no-memory";
    return this.found(page).length === this.mapcount(page) ? "moved" : "busy";
  }

  /** The places that a walk finds: those where the page's number among small pages is no smaller than the first of its VMA. */
  found(page: HugePage): HugePlace[] {
    const { converts, goesOverAll } = this.search;
    const all = converts || (goesOverAll && !this.isCached(page));
    return this.places(page).filter(
      ({ vma, place }) => all || indexAt(vma, place) >= vma.pgoff * SMALL,
    );
  }

  /** May a walk be offered a VMA that ends before the page's place in it, and stop the machine? */
  stopsAt(page: HugePage): boolean {
    const [somewhere] = this.places(page);
    if (somewhere === undefined || !this.search.trusts || this.search.converts) return false;
    const index = indexAt(somewhere.vma, somewhere.place);
    return [...this.everyVma()].some(
      ({ file, pgoff, pages }) =>
        file === somewhere.vma.file && pgoff * SMALL <= index && index >= pgoff + pages,
    );
  }

  /** A file's page loses the mappings that are found; an anonymous one has nowhere to go. */
  tryToUnmap(page: HugePage): "success" | "again" | "fail" {
    if (this.mapcount(page) === 0) return "success";
    if (!this.isCached(page)) return "fail";
    this.unmapFound(page);
    return this.mapcount(page) === 0 ? "success" : "again";
  }

  /** Memory failure: what is found of it becomes markers, and a file's page stays where it is. */
  breakPage(page: HugePage): "delayed" | "failed" | "known" {
    if (page.broken) return "known";
    page.broken = true;
    this.failed.add(page);
    this.unmapFound(page);
    return this.mapcount(page) > 0 || this.isCached(page) ? "failed" : "delayed";
  }

  /** Memory failure of a page that is free. */
  breakFree(): void {
    this.failed.add({ word: 0, broken: true });
  }

  get brokenPages(): number {
    return this.failed.size;
  }

  resize(pages: number): number {
    if (pages > this.total) this.total = Math.min(pages, Math.max(this.total, this.room));
    else this.total = Math.min(this.total, Math.max(pages, this.inUse + this.reserved));
    return this.total;
  }

  spawn(): HugeSpace {
    const space = new HugeSpace();
    this.spaces.push(space);
    return space;
  }

  createFile(pages: number): HugeFile {
    const file = new HugeFile(pages, true);
    this.files.push(file);
    return file;
  }

  fork(parent: HugeSpace): HugeSpace {
    const child = new HugeSpace();
    for (const vma of parent.vmas) {
      child.vmas.push({ ...vma, space: child, promise: null, lost: false });
      for (const [place, entry] of entriesOf(vma)) {
        if (!vma.shared) entry.writable = false;
        child.entries.set(place, { ...entry });
      }
    }
    this.spaces.push(child);
    return child;
  }

  exit(space: HugeSpace): void {
    this.unmap(space, 0, Infinity);
    this.spaces.splice(this.spaces.indexOf(space), 1);
  }

  /** ENOMEM, with what was there gone. */
  map(space: HugeSpace, wanted: HugeMapping): void {
    const { start, pages, shared, reserves, protection } = wanted;
    this.unmap(space, start, start + pages);
    const file = wanted.file ?? new HugeFile(pages, false);
    const pgoff = wanted.file === null ? 0 : wanted.pgoff;
    const promise: Promise | null = reserves && !shared ? { used: new Set() } : null;
    const vma = { space, start, pages, pgoff, file, shared, protection, promise, lost: false };
    const indexes = indexesOf(vma);
    const fresh = shared ? indexes.filter((index) => !file.promised.has(index)) : indexes;
    if (reserves && fresh.length > this.free - this.reserved) fail("ENOMEM");
    if (reserves && shared) for (const index of fresh) file.promised.add(index);
    if (protection === "rw") file.size = Math.max(file.size, pgoff + pages);
    space.vmas.push(vma);
  }

  unmap(space: HugeSpace, from: number, to: number): void {
    cut(space, from);
    cut(space, to);
    const gone = space.vmas.filter(({ start }) => from <= start && start < to);
    for (const vma of gone) for (const place of entriesOf(vma).keys()) space.entries.delete(place);
    space.vmas = space.vmas.filter((vma) => !gone.includes(vma));
    this.dropUnreachable(gone.map(({ file }) => file));
  }

  /** ENOMEM at a hole; what is before it is done. */
  protect(space: HugeSpace, from: number, to: number, protection: HugeProtection): void {
    for (let at = from; at < to;) {
      const there = space.at(at);
      if (there === undefined) fail("ENOMEM");
      const end = Math.min(to, there.start + there.pages);
      if (there.protection !== protection) {
        cut(space, at);
        cut(space, end);
        const vma = space.at(at)!;
        vma.protection = protection;
        for (const entry of entriesOf(vma).values()) {
          if (entry.marker === true) continue;
          entry.writable = vma.shared && protection === "rw";
        }
      }
      at = end;
    }
  }

  close(file: HugeFile): void {
    file.held = false;
    this.dropUnreachable([file]);
  }

  truncate(file: HugeFile, size: number): void {
    file.size = size;
    for (const vma of this.everyVma()) {
      if (vma.file !== file) continue;
      for (const place of entriesOf(vma).keys()) {
        if (place - vma.start + vma.pgoff >= size) vma.space.entries.delete(place);
      }
    }
    for (const index of file.cache.keys()) if (index >= size) file.cache.delete(index);
    file.promised = new Set([...file.promised].filter((index) => index < size));
  }

  /** The word that is there afterwards. SIGSEGV, SIGBUS. */
  access(space: HugeSpace, place: number, write: boolean, word = 0): number {
    const page = this.touch(space, place, write);
    if (write) page.word = word;
    return page.word;
  }

  /** What an access finds, and may change from then on. SIGSEGV, SIGBUS. */
  touch(space: HugeSpace, place: number, write: boolean): HugePage {
    for (;;) {
      const vma = space.at(place);
      if (vma === undefined || vma.protection === "none") fail("SIGSEGV");
      if (write && vma.protection !== "rw") fail("SIGSEGV");
      const entry = space.entries.get(place);
      if (entry?.marker === true) fail("SIGBUS");
      if (entry === undefined) {
        this.bringIn(vma, place);
      } else if (write && !entry.writable) {
        this.breakProtection(vma, place, entry);
      } else {
        return entry.page;
      }
    }
  }

  private bringIn(vma: HugeVma, place: number): void {
    const { file, shared } = vma;
    if (vma.lost) fail("SIGBUS");
    const index = indexAt(vma, place);
    if (index >= file.size) fail("SIGBUS");
    let page = file.cache.get(index);
    if (page?.broken === true) fail("SIGBUS");
    if (page === undefined) {
      page = this.take(vma, index, false) ?? fail("SIGBUS");
      if (shared) file.cache.set(index, page);
    }
    vma.space.entries.set(place, { page, writable: shared && vma.protection === "rw" });
  }

  private breakProtection(vma: HugeVma, place: number, entry: HugeEntry): void {
    const { page } = entry;
    // Also of a file's page: the write then shows in the file.
    if (this.mapcount(page) === 1) {
      entry.writable = true;
      return;
    }
    const index = indexAt(vma, place);
    const hadPage = vma.promise !== null && vma.file.cache.get(index) !== page;
    const copy = this.take(vma, index, hadPage);
    if (copy !== null) {
      copy.word = page.word;
      vma.space.entries.set(place, { page: copy, writable: true });
      return;
    }
    if (!hadPage) fail("SIGBUS");
    this.takeBack(vma, place, index, page);
    if (vma.space.entries.get(place) === entry && this.mapcount(page) !== 1) fail("SIGBUS");
  }

  /** The owner gets the page for itself: others who map that page of the file lose it where they have it at that place. */
  private takeBack(owner: HugeVma, place: number, index: number, page: HugePage): void {
    for (const vma of this.everyVma()) {
      if (vma === owner || vma.file !== owner.file || vma.promise !== null) continue;
      if (!indexesOf(vma).includes(index)) continue;
      if (!maps(vma.space.entries.get(place), page)) continue;
      vma.space.entries.delete(place);
      vma.lost = true;
    }
  }

  private take(vma: HugeVma, index: number, usedBefore: boolean): HugePage | null {
    const { file, shared, promise } = vma;
    const promised = shared
      ? file.promised.has(index)
      : !usedBefore && promise !== null && !promise.used.has(index);
    if (this.free === 0 || (!promised && this.free <= this.reserved)) return null;
    if (shared) file.promised.add(index);
    else if (promised) promise?.used.add(index);
    return { word: 0, broken: false };
  }

  private dropUnreachable(files: readonly HugeFile[]): void {
    const mapped = new Set([...this.everyVma()].map(({ file }) => file));
    for (const file of files) {
      if (file.held || mapped.has(file)) continue;
      file.cache.clear();
      file.promised.clear();
    }
  }

  private places(page: HugePage): HugePlace[] {
    return [...this.everyVma()].flatMap((vma) =>
      [...entriesOf(vma)].flatMap(([place, entry]) => (maps(entry, page) ? [{ vma, place }] : [])),
    );
  }

  private unmapFound(page: HugePage): void {
    for (const { vma, place } of this.found(page)) {
      if (page.broken) vma.space.entries.set(place, { page, writable: false, marker: true });
      else vma.space.entries.delete(place);
    }
  }

  private isCached(page: HugePage): boolean {
    return [...this.everyFile()].some(({ cache }) => [...cache.values()].includes(page));
  }

  private *everyVma(): Generator<HugeVma> {
    for (const { vmas } of this.spaces) yield* vmas;
  }

  private everyFile(): Set<HugeFile> {
    return new Set([...this.files, ...[...this.everyVma()].map(({ file }) => file)]);
  }
}

function maps(entry: HugeEntry | undefined, page: HugePage): boolean {
  return entry !== undefined && entry.marker !== true && entry.page === page;
}

function indexAt({ start, pgoff }: HugeVma, place: number): number {
  return place - start + pgoff;
}

function indexesOf({ pgoff, pages }: HugeVma): number[] {
  return Array.from({ length: pages }, (_, n) => pgoff + n);
}

function entriesOf({ space, start, pages }: HugeVma): Map<number, HugeEntry> {
  return new Map([...space.entries].filter(([at]) => start <= at && at < start + pages));
}

/** No VMA reaches over that place afterwards. */
function cut(space: HugeSpace, at: number): void {
  const vma = space.at(at);
  if (vma === undefined || vma.start === at) return;
  const below = at - vma.start;
  space.vmas.push({ ...vma, start: at, pages: vma.pages - below, pgoff: vma.pgoff + below });
  vma.pages = below;
}
