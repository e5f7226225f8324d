// What a VMA allows, as its flags and as the bits of its entries.

import { Prot } from "../abi/argument";
import { VmFlag } from "../abi/flag";
import { accountsDirty, mappingOf } from "./address-space";
import { PTE_USER, PTE_WRITE } from "./pte";
import { Vma } from "./vma";

const ACCESS: u32 = VmFlag.Read | VmFlag.Write | VmFlag.Exec;

/** PROT_ and VM_ bits for reading, writing and executing are the same. */
export function protFlags(prot: u32): u32 {
  return prot & (Prot.Read | Prot.Write | Prot.Exec);
}

/** Must the first write to a page of this VMA be noticed, though it is shared and writable? */
export function vmaWantsWritenotify(vma: Vma): bool {
  return (
    (vma.flags & (VmFlag.Write | VmFlag.Shared)) == (VmFlag.Write | VmFlag.Shared) &&
    accountsDirty(mappingOf(vma))
  );
}

/** Bits of a fresh entry as the VMA's protection gives them; private pages are never writable at first. */
export function vmaPageProt(vma: Vma): u64 {
  let bits: u64 = vma.flags & ACCESS ? PTE_USER : 0;
  const shared = (vma.flags & (VmFlag.Write | VmFlag.Shared)) == (VmFlag.Write | VmFlag.Shared);
  if (shared && !vmaWantsWritenotify(vma)) bits |= PTE_WRITE;
  return bits;
}
