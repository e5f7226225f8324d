import type { AddressSpace } from "./address-space.js";

/** Entries of [start, end) change: no device shows any of it. */
export function tellRange(space: AddressSpace, start: number, end: number): void {
  for (const device of space.devices) {
    device.told++;
    for (const address of [...device.shown.keys()]) {
      if (start <= address && address < end) device.shown.delete(address);
    }
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
