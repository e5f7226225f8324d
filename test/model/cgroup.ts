import type { Events } from "./events.js";
import { fail } from "./failure.js";
import { LruLists } from "./lru-lists.js";
import type { Page } from "./page.js";

/** Pages that are charged at a time. */
const BATCH = 32;

/** memory.stat, in pages and events. */
export type CgroupStat = Readonly<
  Record<"cache" | "rss" | "mapped_file" | "pgpgin" | "pgpgout" | "pgmajfault", number>
>;

/** A memory cgroup: the pages that are charged to it, and what its counter says. */
export class Cgroup {
  readonly lists: LruLists;
  /** Pages that have a charge of it. The owner of others may be this one too, without a charge. */
  readonly charged = new Set<Page>();
  children = 0;
  /** What is charged to those below is charged here as well. */
  hierarchical: boolean;
  usage = 0;
  limit = Infinity;
  maxUsage = 0;
  failcnt = 0;
  pgpgin = 0;
  pgpgout = 0;
  pgmajfault = 0;
  removed = false;
  /** By priority of reclaim: whose turn it was last. */
  readonly turns = new Map<number, number>();

  constructor(
    readonly number: number,
    readonly parent: Cgroup | null,
    events: Events,
  ) {
    this.lists = new LruLists(events);
    this.hierarchical = parent?.hierarchical ?? false;
    if (parent !== null) parent.children++;
  }

  /** The one above, if that is charged as well. */
  get chargedAbove(): Cgroup | null {
    return this.parent?.hierarchical === true ? this.parent : null;
  }

  /** Itself and those above it that are charged for it, inner to outer. */
  get counted(): Cgroup[] {
    return [this, ...(this.chargedAbove?.counted ?? [])];
  }

  setHierarchy(on: boolean): void {
    if (this.chargedAbove !== null) {
      if (!on) fail("EINVAL");
      return;
    }
    if (this.children > 0 && this.hierarchical !== on) fail("EBUSY");
    this.hierarchical = on;
  }

  /** What it remembers begins with now. */
  recount(): void {
    this.maxUsage = this.usage;
    this.failcnt = 0;
  }

  /** It is removed. */
  end(): void {
    this.removed = true;
    if (this.parent !== null) this.parent.children--;
  }

  /** Does what is done for it concern another? */
  concerns(other: Cgroup): boolean {
    return other === this || other.counted.includes(this);
  }

  private get pages(): Page[] {
    return [...this.charged];
  }

  /** What memory.stat says of its own pages. */
  stat(): CgroupStat {
    const anonymous = this.pages.filter((page) => page.anon);
    return {
      cache: this.charged.size - anonymous.length,
      rss: anonymous.reduce((sum, page) => sum + page.size, 0),
      mapped_file: this.pages.filter((page) => !page.anon && page.mapcount > 0).length,
      pgpgin: this.pgpgin,
      pgpgout: this.pgpgout,
      pgmajfault: this.pgmajfault,
    };
  }
}

/** All cgroups of a machine. */
export class Cgroups {
  readonly root: Cgroup;
  /** By number, those that were removed too. */
  readonly all: Cgroup[];
  /** Is anything charged? From the first cgroup beside the root on. */
  counting = false;
  /** What was charged in advance, and for whom. */
  private stock: { cgroup: Cgroup; pages: number } | null = null;

  constructor(private readonly events: Events) {
    this.root = new Cgroup(0, null, events);
    this.all = [this.root];
  }

  get living(): Cgroup[] {
    return this.all.filter(({ removed }) => !removed);
  }

  /**
   * @param hierarchical also where the one above is not
   * @param pages all there are: those that somebody would have been charged for are the root's from now on
   */
  create(parent: Cgroup, hierarchical: boolean, pages: Iterable<Page>): Cgroup {
    const cgroup = new Cgroup(this.all.length, parent, this.events);
    if (hierarchical) cgroup.hierarchical = true;
    this.all.push(cgroup);
    if (this.counting) return cgroup;
    this.counting = true;
    this.root.charged.clear();
    for (const page of pages) {
      if (belongsToSomebody(page)) this.give(page, this.root);
    }
    return cgroup;
  }

  /** Room for a page of a cgroup; false if there is none. @param reclaim makes room in a cgroup: pages freed */
  tryCharge(
    cgroup: Cgroup,
    reclaim: (cgroup: Cgroup) => number,
    insist = true,
    pages = 1,
  ): boolean {
    if (!this.counting || cgroup === this.root) return true;
    if (pages > 1) return this.tryChargeHuge(cgroup, reclaim, pages);
    if (this.takeFromStock(cgroup)) return true;
    if (chargeCounters(cgroup, BATCH) === null) {
      this.putInStock(cgroup, BATCH - 1);
      return true;
    }
    for (let failures = 0; failures <= (insist ? 5 : 0);) {
      const full = chargeCounters(cgroup, 1);
      if (full === null) return true;
      // Whatever was freed is worth another try.
      const freed = this.makeRoom(full, reclaim, false);
      if (full.usage >= full.limit && freed === 0) failures++;
      if (this.takeFromStock(cgroup)) return true;
    }
    return false;
  }

  /** Of many pages at once: as often as there was room. */
  private tryChargeHuge(
    cgroup: Cgroup,
    reclaim: (cgroup: Cgroup) => number,
    pages: number,
  ): boolean {
    for (;;) {
      const full = chargeCounters(cgroup, pages);
      if (full === null) return true;
      this.makeRoom(full, reclaim, false);
      if (full.limit - full.usage < pages) return false;
    }
  }

  /** mem_cgroup_reclaim: until there is room, or two rounds found nothing. */
  makeRoom(cgroup: Cgroup, reclaim: (cgroup: Cgroup) => number, shrinking: boolean): number {
    let total = 0;
    for (let round = 0; round < 100; round++) {
      if (round > 0) this.drain(cgroup);
      total += reclaim(cgroup);
      if (total > 0 && shrinking) break;
      if (cgroup.usage < cgroup.limit) break;
      if (round > 0 && total === 0) break;
    }
    return total;
  }

  /** The page has the charge that there was room for. */
  give(page: Page, cgroup: Cgroup): void {
    page.cgroup = cgroup;
    cgroup.charged.add(page);
    if (this.counting) cgroup.pgpgin++;
  }

  /** The page loses its charge, if it has one; its owner stays. */
  takeBack(page: Page): void {
    const { cgroup } = page;
    if (!cgroup.charged.delete(page) || !this.counting) return;
    cgroup.pgpgout++;
    this.relieve(cgroup, page.size);
  }

  /** A page's charge is another's, or stays: for a moment two pages have one. */
  handOver(from: Page, to: Page, cgroup: Cgroup): void {
    cgroup.charged.delete(from);
    cgroup.charged.add(to);
    to.cgroup = cgroup;
    if (!this.counting) return;
    cgroup.pgpgin++;
    cgroup.pgpgout++;
  }

  /** Of a page that has got its charge, and was not needed then. */
  takeBackUnused(cgroup: Cgroup, pages = 1): void {
    if (!this.counting) return;
    cgroup.pgpgin++;
    cgroup.pgpgout++;
    this.relieve(cgroup, pages);
  }

  /** The counters of a cgroup say less. */
  relieve(cgroup: Cgroup, pages: number): void {
    if (cgroup === this.root) return;
    for (const level of cgroup.counted) level.usage -= pages;
  }

  /** Charges in advance are given back, if they are for that cgroup or for one below it. */
  drain(top: Cgroup): void {
    if (this.stock !== null && top.concerns(this.stock.cgroup)) this.emptyStock();
  }

  private takeFromStock(cgroup: Cgroup): boolean {
    if (this.stock?.cgroup !== cgroup || this.stock.pages === 0) return false;
    this.stock.pages--;
    return true;
  }

  private putInStock(cgroup: Cgroup, pages: number): void {
    const left = this.stock?.cgroup === cgroup ? this.stock.pages : 0;
    if (this.stock?.cgroup !== cgroup) this.emptyStock();
    this.stock = { cgroup, pages: left + pages };
  }

  private emptyStock(): void {
    if (this.stock !== null) this.relieve(this.stock.cgroup, this.stock.pages);
    this.stock = null;
  }
}

/** Charges a cgroup and all that count with it, or none: then the one that is full. */
export function chargeCounters(cgroup: Cgroup, pages: number): Cgroup | null {
  const { counted } = cgroup;
  const full = counted.find(({ usage, limit }) => usage + pages > limit);
  if (full !== undefined) full.failcnt++;
  // Those below have it for a moment.
  for (const level of full === undefined ? counted : counted.slice(0, counted.indexOf(full))) {
    level.maxUsage = Math.max(level.maxUsage, level.usage + pages);
    if (full === undefined) level.usage += pages;
  }
  return full ?? null;
}

/** Would somebody have been charged for it? */
function belongsToSomebody(page: Page): boolean {
  if (!page.anon) return page.cached;
  return page.mapcount > 0 || page.slot !== null;
}
