// res_counter: how many pages are charged to a memcg and to what is below it, level by level, each under its lock.

import { Doing, LockClass } from "../locks";
import { lock, unlock } from "../sync/lock";
import { Memcg, memcgAt, NO_LIMIT } from "./memcg";

function counterLock(memcg: u32): usize {
  return <usize>memcg + offsetof<Memcg>("counterLock");
}

/** One level: false if it would go over its limit, which is counted. */
function chargeLevel(memcg: u32, pages: u32): bool {
  const counter = memcgAt(memcg);
  lock(counterLock(memcg), LockClass.ResCounter, Doing.Charge);
  const fits = <u64>counter.usage + pages <= <u64>counter.limit;
  if (fits) {
    counter.usage += pages;
    counter.maxUsage = max(counter.maxUsage, counter.usage);
  } else {
    counter.failcnt++;
  }
  unlock(counterLock(memcg));
  return fits;
}

/** Charges the memcg and all above it: 0, or the one whose limit was in the way, and then nothing is charged. */
export function resCharge(memcg: u32, pages: u32): u32 {
  for (let at = memcg; at; at = memcgAt(at).chargedTo) {
    if (chargeLevel(at, pages)) continue;
    resUnchargeUntil(memcg, at, pages);
    return at;
  }
  return 0;
}

/** Gives back what the memcg and all above it have, up to but without `top` (0: all of them). */
export function resUnchargeUntil(memcg: u32, top: u32, pages: u32): void {
  for (let at = memcg; at != top;) {
    const counter = memcgAt(at);
    lock(counterLock(at), LockClass.ResCounter, Doing.Uncharge);
    assert(counter.usage >= pages, "memcg: more uncharged than charged");
    counter.usage -= pages;
    // Without usage it may be removed as soon as the lock is let go.
    const above = counter.chargedTo;
    unlock(counterLock(at));
    at = above;
  }
}

export function resUncharge(memcg: u32, pages: u32): void {
  resUnchargeUntil(memcg, 0, pages);
}

/** Pages that could still be charged to this level. */
export function resMargin(memcg: u32): u32 {
  const counter = memcgAt(memcg);
  return counter.limit > counter.usage ? counter.limit - counter.usage : 0;
}

/** False if more is charged than the limit is to allow. */
export function resSetLimit(memcg: u32, limit: u32): bool {
  const counter = memcgAt(memcg);
  lock(counterLock(memcg), LockClass.ResCounter, Doing.ChangeCgroup);
  const fits = counter.usage <= limit;
  if (fits) counter.limit = limit;
  unlock(counterLock(memcg));
  return fits;
}

/** The least limit that holds for a memcg: its own, or one above it that its pages count for. */
export function hierarchicalLimit(memcg: u32): u32 {
  let least = NO_LIMIT;
  for (let at = memcg; at; at = memcgAt(at).chargedTo) least = min(least, memcgAt(at).limit);
  return least;
}
