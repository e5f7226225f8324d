import type { ListName } from "./lru-lists.js";
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

/** Goes over the lists until so many pages are free or everything was tried; how many are. */
export function reclaim(memory: Memory, wanted: number, kind: Kind): number {
  let freed = 0;
  for (let priority = FIRST_PRIORITY; priority >= 0 && freed < wanted; priority--) {
    const round = { memory, kind, priority };
    freed += shrinkPair(round, FILES, wanted - freed);
    if (freed < wanted && !memory.swap.isFull) {
      freed += shrinkPair(round, ANONYMOUS, wanted - freed);
    }
  }
  return freed;
}

interface Round {
  readonly memory: Memory;
  readonly kind: Kind;
  readonly priority: number;
}

function shrinkPair(round: Round, [inactive, active]: Pair, wanted: number): number {
  const { lists } = round.memory;
  const share = (list: ListName): number => Math.floor(lists.count(list) / 2 ** round.priority);
  let left = share(inactive);
  if (lists.count(inactive) < lists.count(active)) growOld(round.memory, active, share(active));
  // In the last round what has just grown old is looked at as well.
  if (round.priority === 0) left = lists.count(inactive);
  let freed = 0;
  while (left > 0 && freed < wanted) {
    const n = Math.min(left, AT_ONCE);
    freed += shrinkInactive(round, inactive, n);
    left -= n;
  }
  return freed;
}

/** The oldest active pages become inactive, but for program text that was used. */
function growOld(memory: Memory, active: ListName, n: number): void {
  const { lists, events } = memory;
  for (let i = 0; i < n; i++) {
    const page = lists.oldest(active);
    if (page === undefined) return;
    lists.isolate(page);
    events.pgrefill++;
    if (!page.evictable) {
      lists.putback(page);
      continue;
    }
    const { executable } = pageReferenced(page);
    if (executable && !page.swapBacked) {
      events.pgrotated++;
    } else {
      page.active = false;
      events.pgdeactivate++;
    }
    lists.link(page);
  }
}

function shrinkInactive({ memory, kind, priority }: Round, inactive: ListName, n: number): number {
  const { lists, events } = memory;
  const background = kind === "background";
  const effort = { force: false, writesFiles: background && priority <= WRITES_FILES_FROM };
  let freed = 0;
  for (let i = 0; i < n; i++) {
    const page = lists.oldest(inactive);
    if (page === undefined) break;
    lists.isolate(page);
    events[background ? "pgscan_kswapd" : "pgscan_direct"]++;
    if (shrink(page, effort) === "reclaimed") freed++;
  }
  events[background ? "pgsteal_kswapd" : "pgsteal_direct"] += freed;
  return freed;
}
