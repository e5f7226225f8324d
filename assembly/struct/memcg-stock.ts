// The stock: each processor charges a batch of pages at a time, and keeps what it did not need for the next page of the
// same memcg. So a counter may say up to a batch more, for each processor, than pages are charged.
//
//   processor   +0 rcu (sync/rcu.ts)   +8 memcg   +12 pages

import { header, PROCESSOR_BYTES, PROCESSORS } from "../memory/header";
import { MAX_ACTORS } from "../sync/lock";
import { isSameOrSubtree } from "./memcg";
import { resUncharge } from "./res-counter";

/** Pages that are charged at a time. */
export const CHARGE_BATCH: u32 = 32;

const MEMCG: usize = 8;
const PAGES: usize = 12;

function processorAt(processor: u32): usize {
  return PROCESSORS + <usize>processor * PROCESSOR_BYTES;
}

function own(): usize {
  return processorAt(header().actor);
}

/** Takes a page from this processor's stock, if it has one of that memcg. */
export function consumeStock(memcg: u32): bool {
  const stock = own();
  const pages = load<u32>(stock, PAGES);
  if (load<u32>(stock, MEMCG) != memcg || !pages) return false;
  store<u32>(stock, pages - 1, PAGES);
  return true;
}

/** Gives back what a stock holds. */
function drainStock(stock: usize): void {
  const pages = load<u32>(stock, PAGES);
  const memcg = load<u32>(stock, MEMCG);
  store<u32>(stock, 0, PAGES);
  store<u32>(stock, 0, MEMCG);
  if (pages) resUncharge(memcg, pages);
}

/** Puts charged pages into this processor's stock; what it has of another memcg goes back. */
export function refillStock(memcg: u32, pages: u32): void {
  const stock = own();
  if (load<u32>(stock, MEMCG) != memcg) drainStock(stock);
  store<u32>(stock, memcg, MEMCG);
  store<u32>(stock, load<u32>(stock, PAGES) + pages, PAGES);
}

/** Empties the stocks of all processors that are of a memcg or of what is below it. */
export function drainAllStock(top: u32): void {
  for (let i: u32 = 0; i < MAX_ACTORS; i++) {
    const memcg = load<u32>(processorAt(i), MEMCG);
    if (memcg && isSameOrSubtree(top, memcg)) drainStock(processorAt(i));
  }
}

/** Pages that all processors have of a memcg. */
export function stockOf(memcg: u32): u32 {
  let pages: u32 = 0;
  for (let i: u32 = 0; i < MAX_ACTORS; i++) {
    if (load<u32>(processorAt(i), MEMCG) == memcg) pages += load<u32>(processorAt(i), PAGES);
  }
  return pages;
}
