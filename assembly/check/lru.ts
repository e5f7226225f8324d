// The lists of reclaim: links, counts, and whether each page is on the list that its flags say.

import { LruList } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { HUGE_PAGES } from "../abi/unit";
import { Cache, slabNext } from "../memory/slab";
import { lruNext, lruPrev, pageLru } from "../struct/lru";
import { lruPages, memcgAt, memcgLru } from "../struct/memcg";
import { pageIsHuge, pageMemcg, pageRefcount, pageTest } from "../struct/page";
import { Violated } from "../violated";
import { census, frameNote, isFrame, ON_LRU } from "./census";
import { violated } from "./violation";

function checkList(memcg: u32, list: LruList): void {
  const number = <f64>memcgAt(memcg).number;
  const lru = memcgLru(memcg, list);
  let before: u32 = 0;
  let n: u32 = 0;
  let huge: u32 = 0;
  for (let frame = lru.head; frame; frame = lruNext(frame)) {
    const sound = isFrame(frame) && !(frameNote(frame).caches & ON_LRU) && lruPrev(frame) == before;
    if (!sound) {
      violated(Violated.LruLink, <f64>frame, number, <f64>list);
      return;
    }
    frameNote(frame).caches |= ON_LRU;
    const belongs = pageTest(frame, PageFlag.Lru) && pageLru(frame) == list;
    if (!belongs || pageMemcg(frame) != memcg || pageRefcount(frame) <= 0) {
      violated(Violated.LruList, <f64>frame, number, <f64>list);
    }
    before = frame;
    n++;
    if (pageIsHuge(frame)) huge++;
  }
  if (lru.tail != before) violated(Violated.LruLink, <f64>lru.tail, number, <f64>list);
  if (lru.count != n || lru.huge != huge) {
    const pages = n + huge * (<u32>HUGE_PAGES - 1);
    violated(Violated.LruCount, number, <f64>list, <f64>lruPages(lru), <f64>pages);
  }
}

/** Every page that says it is on a list is on one, and no other is. */
export function checkLru(): void {
  for (let at = slabNext(Cache.Memcg, 0); at; at = slabNext(Cache.Memcg, at)) {
    for (let list = 0; list < LruList.Count; list++) checkList(<u32>at, <LruList>list);
  }
  const top = census().frameTop;
  for (let frame: u32 = 1; frame <= top; frame++) {
    if (pageRefcount(frame) <= 0 || !pageTest(frame, PageFlag.Lru)) continue;
    if (!(frameNote(frame).caches & ON_LRU)) violated(Violated.LruList, <f64>frame, -1, -1);
  }
}
