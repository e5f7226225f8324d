// Numbers about a memcg: what memory.stat and its fellows show, in pages.

import { LruList } from "../abi/counter";
import { MemcgField, MEMCG_TOTAL } from "../abi/field";
import { Errno } from "../abi/result";
import { handleOf, objectOf } from "../memory/handle";
import { header } from "../memory/header";
import { Cache } from "../memory/slab";
import { isRootMemcg, lruPages, memcgAt, memcgIter, memcgLru, NO_LIMIT } from "../struct/memcg";
import { hierarchicalLimit } from "../struct/res-counter";
import { spacesOf } from "./memcg-group";

function pagesOnLists(memcg: u32): u32 {
  let pages: u32 = 0;
  for (let list = 0; list < LruList.Count; list++)
    pages += lruPages(memcgLru(memcg, <LruList>list));
  return pages;
}

function limitField(limit: u32): f64 {
  return limit == NO_LIMIT ? -1 : <f64>limit;
}

/** The root is not charged: it has what all have. */
function usageOf(memcg: u32): f64 {
  if (!isRootMemcg(memcg)) return <f64>memcgAt(memcg).usage;
  let pages = 0;
  for (let at = memcg; at; at = memcgIter(memcg, at)) pages += memcgAt(at).cache + memcgAt(at).rss;
  return <f64>pages;
}

function fieldOf(memcg: u32, field: MemcgField): f64 {
  const it = memcgAt(memcg);
  switch (field) {
    case MemcgField.Number:
      return <f64>it.number;
    case MemcgField.Pages:
      return <f64>pagesOnLists(memcg);
    case MemcgField.Usage:
      return usageOf(memcg);
    case MemcgField.Limit:
      return limitField(it.limit);
    case MemcgField.MaxUsage:
      return <f64>it.maxUsage;
    case MemcgField.Failcnt:
      return <f64>it.failcnt;
    case MemcgField.Cache:
      return <f64>it.cache;
    case MemcgField.Rss:
      return <f64>it.rss;
    case MemcgField.MappedFile:
      return <f64>it.mappedFile;
    case MemcgField.PgPgIn:
      return <f64>it.pgpgin;
    case MemcgField.PgPgOut:
      return <f64>it.pgpgout;
    case MemcgField.PgFault:
      return <f64>it.pgfault;
    case MemcgField.PgMajFault:
      return <f64>it.pgmajfault;
    case MemcgField.Parent:
      return handleOf(<usize>it.parent);
    case MemcgField.Hierarchy:
      return <f64>it.hierarchical;
    case MemcgField.HierarchicalLimit:
      return limitField(hierarchicalLimit(memcg));
    case MemcgField.Spaces:
      return <f64>spacesOf(memcg);
    default:
      return <f64>lruPages(memcgLru(memcg, <LruList>(<i32>field - MemcgField.Lru)));
  }
}

/** A MemcgField of a memcg; with MEMCG_TOTAL the sum over it and what is below it. -ESTALE when it is gone. */
export function memcgField(handle: f64, field: i32): f64 {
  const memcg = <u32>objectOf(Cache.Memcg, handle);
  if (!memcg) return <f64>-Errno.ESTALE;
  if (!(field & MEMCG_TOTAL)) return fieldOf(memcg, <MemcgField>field);
  let total: f64 = 0;
  for (let at = memcgIter(memcg, 0); at; at = memcgIter(memcg, at)) {
    total += fieldOf(at, <MemcgField>(field & ~MEMCG_TOTAL));
  }
  return total;
}

/** Handle of the memcg that everything belongs to that belongs to no other. */
export function memcgRoot(): f64 {
  return handleOf(<usize>header().rootMemcg);
}
