// anon_vma_prepare's look at the neighbours: a range that was cut in two should share an anon_vma again,
// so that the pieces can merge later.

import { VmFlag } from "../abi/flag";
import { PAGE_SHIFT } from "../abi/unit";
import { anonVmaPrepareWith } from "../rmap/anon-vma";
import { chainIsSingular } from "../struct/anon-vma";
import { Vma } from "../struct/vma";

/** Flags that may differ; the last is not one of the kernel's. */
const IGNORED: u32 = VmFlag.Read | VmFlag.Write | VmFlag.Exec | VmFlag.ReserveLost;

/** anon_vma of the first VMA's neighbour, if both would be one VMA but for their permissions. */
function reusable(owner: Vma, a: Vma, b: Vma): u32 {
  const compatible =
    a.end == b.start &&
    a.file == b.file &&
    !((a.flags ^ b.flags) & ~IGNORED) &&
    b.pgoff == a.pgoff + ((b.start - a.start) >> PAGE_SHIFT);
  return compatible && owner.anonVma && chainIsSingular(owner) ? owner.anonVma : 0;
}

function mergeableAnonVma(vma: Vma): u32 {
  const next = changetype<Vma | null>(<usize>vma.next);
  if (next) {
    const found = reusable(next, vma, next);
    if (found) return found;
  }
  const prev = changetype<Vma | null>(<usize>vma.prev);
  return prev ? reusable(prev, prev, vma) : 0;
}

/** Makes sure that the VMA has an anon_vma; false when memory is exhausted. */
export function anonVmaPrepare(vma: Vma): bool {
  return vma.anonVma != 0 || anonVmaPrepareWith(vma, mergeableAnonVma(vma));
}
