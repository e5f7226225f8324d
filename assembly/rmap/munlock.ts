// munlock_vma_page: the mark goes, unless another locked VMA maps the page.

import { VmStat } from "../abi/counter";
import { PageFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { vmStat } from "../memory/header";
import { isolateLruPage, putbackLruPage } from "../struct/isolation";
import { pageMapcount, pageTest } from "../struct/page";
import { unmark } from "./mlock";
import { tryToMunlock } from "./unmap";

/** Of a locked page, through a VMA whose VM_LOCKED is cleared already. */
export function munlockVmaPage(frame: u32): void {
  if (!unmark(frame)) return;
  if (!isolateLruPage(frame)) {
    // Somebody else has it off the lists, and will put it back where it belongs then.
    const stranded = pageTest(frame, PageFlag.Unevictable);
    vmStat(stranded ? VmStat.UnevictablePgsStranded : VmStat.UnevictablePgsMunlocked, 1);
    return;
  }
  const result = pageMapcount(frame) > 1 ? tryToMunlock(frame) : UnmapResult.Again;
  if (result != UnmapResult.Mlock) vmStat(VmStat.UnevictablePgsMunlocked, 1);
  putbackLruPage(frame);
}
