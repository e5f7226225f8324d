import { KEY_ACCESS_SHIFT, StorageKey as Bits } from "../../assembly/abi/flag.js";

/** What an s390x notes of a frame. */
export interface StorageKey {
  /** It was read or written: by a program, the kernel, or I/O. */
  readonly referenced: boolean;
  /** It was written. */
  readonly changed: boolean;
  /** The access-control bits, 0 to 15: kept, and nothing more. */
  readonly access: number;
}

/** A key as the machine has it. */
export function encodeKey({ referenced, changed, access }: StorageKey): number {
  const marks = (referenced ? Bits.Referenced : 0) | (changed ? Bits.Changed : 0);
  return marks | (access << KEY_ACCESS_SHIFT);
}

export function decodeKey(bits: number): StorageKey {
  return {
    referenced: (bits & Bits.Referenced) !== 0,
    changed: (bits & Bits.Changed) !== 0,
    access: bits >> KEY_ACCESS_SHIFT,
  };
}
