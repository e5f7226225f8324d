import type { AddressSpace } from "./address-space.js";
import type { Page } from "./page.js";

/** Entries of [start, end) change: no device shows any of it. */
export function tellRange(space: AddressSpace, start: number, end: number): void {
  for (const device of space.devices) {
    device.told++;
    for (const address of [...device.shown.keys()]) {
      if (start <= address && address < end) device.shown.delete(address);
    }
  }
}

/** One entry has changed: whoever was not told of a range around it hears of it now. */
export function tellEntry(space: AddressSpace, address: number): void {
  if (space.memory.telling !== "ranges") tellRange(space, address, address + 1);
}

/** Somebody is about to look at an entry, which may change. */
export function tellLook(space: AddressSpace, address: number): void {
  if (space.memory.telling === "ranges") tellRange(space, address, address + 1);
}

/** An entry leads to another page, or is protected. Who hears of that alone follows where it is only to be read. */
export function tellNew(space: AddressSpace, address: number, page: Page, writable: boolean): void {
  if (space.memory.telling !== "inside" || writable) {
    tellRange(space, address, address + 1);
    return;
  }
  for (const device of space.devices) {
    device.told++;
    const shown = device.shown.get(address);
    if (shown !== undefined) device.shown.set(address, { ...shown, page, writable });
  }
}

/** Was the page there used by a device? They forget it. */
export function usedByDevices(space: AddressSpace, address: number): boolean {
  let used = false;
  for (const { shown } of space.devices) {
    const found = shown.get(address);
    if (found?.young !== true) continue;
    found.young = false;
    used = true;
  }
  return used;
}
