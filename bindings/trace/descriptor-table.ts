// The open files of a process, by descriptor.

import type { OpenFile } from "./inode-table.js";

interface Slot {
  open: OpenFile;
  closeOnExec: boolean;
}

/** A table of descriptors; threads share one, fork copies it. */
export class DescriptorTable {
  readonly #slots: Map<number, Slot>;

  constructor(slots = new Map<number, Slot>()) {
    this.#slots = slots;
  }

  /** A copy whose descriptors refer to the same open files. */
  clone(): DescriptorTable {
    return new DescriptorTable(
      new Map([...this.#slots].map(([number, slot]) => [number, { ...slot }])),
    );
  }

  get(number: number): OpenFile | null {
    return this.#slots.get(number)?.open ?? null;
  }

  set(number: number, open: OpenFile, closeOnExec = false): void {
    this.#slots.set(number, { open, closeOnExec });
  }

  close(number: number): void {
    this.#slots.delete(number);
  }

  duplicate(from: number, to: number, closeOnExec = false): void {
    const open = this.get(from);
    if (from === to) return;
    if (open) this.set(to, open, closeOnExec);
    else this.close(to);
  }

  setCloseOnExec(number: number, closeOnExec: boolean): void {
    const slot = this.#slots.get(number);
    if (slot) slot.closeOnExec = closeOnExec;
  }

  /** Closes the descriptors from `first` to `last`, or only marks them for the next exec. */
  closeRange(first: number, last: number, onlyOnExec: boolean): void {
    for (const [number, slot] of this.#slots) {
      if (number < first || number > last) continue;
      if (onlyOnExec) slot.closeOnExec = true;
      else this.#slots.delete(number);
    }
  }

  /** What exec does: descriptors marked so are closed. */
  closeForExec(): void {
    for (const [number, slot] of this.#slots) if (slot.closeOnExec) this.#slots.delete(number);
  }
}
