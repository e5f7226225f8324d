import type { Cgroup } from "./cgroup.js";
import type { ListName, LruLists } from "./lru-lists.js";
import type { Memory } from "./memory.js";
import { pageReferenced } from "./referenced.js";
import { shrink } from "./shrink.js";

/** Rounds of reclaim: each looks at twice as much of the lists as the one before. */
const FIRST_PRIORITY = 12;
/** From this priority on kswapd writes dirty pages of files. */
const WRITES_FILES_FROM = 9;
const AT_ONCE = 32;

type Kind = "direct" | "background";
type Pair = readonly [inactive: ListName, active: ListName];

const FILES: Pair = ["inactiveFile", "activeFile"];
const ANONYMOUS: Pair = ["inactiveAnon", "activeAnon"];

/**
 * Goes over the lists until so many pages are free or everything was tried; how many are. With `target` only over those
 * of one cgroup and of what it is hierarchical for, whose processes alone count.
 */
export function reclaim(
  memory: Memory,
  wanted: number,
  kind: Kind,
  target: Cgroup | null = null,
): number {
  let freed = 0;
  for (let priority = FIRST_PRIORITY; priority >= 0 && freed < wanted; priority--) {
    if (priority === 0) memory.token.fall(kind === "background" ? null : target);
    for (const { lists } of target === null
      ? memory.cgroups.living
      : [turnOf(memory, target, priority)]) {
      if (freed >= wanted) break;
      const round = { memory, lists, target, kind, priority };
      freed += shrinkPair(round, FILES, wanted - freed);
      if (freed < wanted && !memory.swap.isFull) {
        freed += shrinkPair(round, ANONYMOUS, wanted - freed);
      }
      if (memory.swap.exists) growOldIfLow(round, ANONYMOUS, AT_ONCE);
    }
  }
  return freed;
}

/** For a cgroup one of those that it concerns has its turn at each priority. */
function turnOf({ cgroups }: Memory, target: Cgroup, priority: number): Cgroup {
  const concerned = cgroups.living.filter((cgroup) => target.concerns(cgroup));
  const last = target.turns.get(priority) ?? -1;
  const next = concerned.find(({ number }) => number > last) ?? target;
  target.turns.set(priority, next.number);
  return next;
}

interface Round {
  readonly memory: Memory;
  readonly lists: LruLists;
  readonly target: Cgroup | null;
  readonly kind: Kind;
  readonly priority: number;
}

function shrinkPair(round: Round, [inactive, active]: Pair, wanted: number): number {
  const { lists } = round;
  const share = (list: ListName): number => {
    const n = Math.floor(lists.count(list) / 2 ** round.priority);
    return n === 0 && round.target !== null ? AT_ONCE : n;
  };
  let left = share(inactive);
  let leftActive = share(active);
  let freed = 0;
  do {
    if (left === 0 && (leftActive === 0 || inactive === "inactiveAnon")) break;
    freed += shrinkInactive(round, inactive, Math.min(left, AT_ONCE));
    left -= Math.min(left, AT_ONCE);
    growOldIfLow(round, [inactive, active], Math.min(leftActive, AT_ONCE));
    leftActive -= Math.min(leftActive, AT_ONCE);
  } while (freed < wanted);
  return freed;
}

function growOldIfLow(round: Round, [inactive, active]: Pair, n: number): void {
  const { lists } = round;
  if (lists.count(inactive) < lists.count(active)) growOld(round, active, n);
}

/** The oldest active pages become inactive, but for program text that was used. */
function growOld({ memory, lists, target }: Round, active: ListName, n: number): void {
  const { events } = memory;
  for (const page of lists.someOldest(active, n)) {
    lists.isolate(page);
    events.pgrefill++;
    if (!page.evictable) {
      lists.putback(page);
      continue;
    }
    const { executable } = pageReferenced(page, target);
    if (!executable || page.swapBacked) {
      page.active = false;
      events.pgdeactivate += page.size;
    }
    page.relink();
  }
}

/** Scans of one cgroup are not in the machine's statistics. */
function shrinkInactive(round: Round, inactive: ListName, n: number): number {
  const { lists, kind, priority, target } = round;
  const { events } = round.memory;
  const background = kind === "background";
  const writesFiles = background && priority <= WRITES_FILES_FROM;
  const effort = { force: false, writesFiles, only: target };
  let freed = 0;
  // All of them are taken before one is looked at: what becomes of it can't move another.
  const taken = lists.someOldest(inactive, n).filter((page) => lists.isolate(page));
  for (const page of taken) {
    if (target === null) events[background ? "pgscan_kswapd" : "pgscan_direct"]++;
    if (shrink(page, effort) === "reclaimed") freed++;
  }
  if (target === null) events[background ? "pgsteal_kswapd" : "pgsteal_direct"] += freed;
  return freed;
}
