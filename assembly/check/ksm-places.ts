// The places that share, sorted by their node, address and address space: one page can be at so many that
// verify must not go over all of them for each of its entries.

import { itemAt } from "../struct/ksm";
import { census } from "./census";

function slot(n: u32): usize {
  return <usize>census().places + ((<usize>n) << 2);
}

function placeAt(n: u32): u32 {
  return load<u32>(slot(n));
}

/** Is the place before one of that node, address and address space? */
function isBefore(place: u32, node: u32, address: u64, mm: u32): bool {
  const item = itemAt(place);
  if (item.head != node) return item.head < node;
  if (item.address != address) return item.address < address;
  return item.mm < mm;
}

function isBeforePlace(place: u32, other: u32): bool {
  const item = itemAt(other);
  return isBefore(place, item.head, item.address, item.mm);
}

/** Lets a place sink from a hole in a heap of n to where none below it is greater. */
function sink(place: u32, hole: u32, n: u32): void {
  for (let below: u32 = 2 * hole + 1; below < n; below = 2 * hole + 1) {
    const right = below + 1;
    if (right < n && isBeforePlace(placeAt(below), placeAt(right))) below = right;
    if (!isBeforePlace(place, placeAt(below))) break;
    store<u32>(slot(hole), placeAt(below));
    hole = below;
  }
  store<u32>(slot(hole), place);
}

/** Notes a place that shares; there is room for as many as live. */
export function notePlace(place: u32): void {
  const it = census();
  if (it.placesNoted == it.placesRoom) return;
  store<u32>(slot(it.placesNoted), place);
  it.placesNoted++;
}

/** After the last was noted: they can be looked up. */
export function sortPlaces(): void {
  const n = census().placesNoted;
  for (let at = n / 2; at > 0; at--) sink(placeAt(at - 1), at - 1, n);
  for (let end = n; end > 1; end--) {
    const last = placeAt(end - 1);
    store<u32>(slot(end - 1), placeAt(0));
    sink(last, 0, end - 1);
  }
}

/** Number of the first place that is not before one of that node, address and address space. */
export function findPlace(node: u32, address: u64, mm: u32): u32 {
  let low: u32 = 0;
  let high = census().placesNoted;
  while (low < high) {
    const middle = (low + high) / 2;
    if (isBefore(placeAt(middle), node, address, mm)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Place n if it is of that node and address, else 0. */
export function placeOf(n: u32, node: u32, address: u64): u32 {
  if (n >= census().placesNoted) return 0;
  const item = itemAt(placeAt(n));
  return item.head == node && item.address == address ? placeAt(n) : 0;
}
