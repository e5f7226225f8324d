// What maps a broken page is taken away from it.

import { Unmap } from "../abi/argument";
import { PageFlag } from "../abi/flag";
import { UnmapResult } from "../abi/result";
import { pageMkclean } from "../rmap/mkclean";
import { tryToUnmap } from "../rmap/unmap";
import { accountsDirty, AddressSpace } from "../struct/address-space";
import { pageFileMapping, pageIsKsm, pageMapped, pageTest } from "../struct/page";
import { setPageDirty } from "../struct/page-dirty";
import { collectProcs, killProcs } from "./memory-kill";

/**
 * hwpoison_user_mappings: takes every entry of the locked page away, and tells those who lose something.
 * @param early tasks are told at once, and not when they meet a marker
 * @returns how many are sent a signal, or -1 if it is still mapped
 */
export function unmapBroken(frame: u32, early: bool): i32 {
  if (!pageMapped(frame)) return 0;
  // No walk tells which of its places is meant: it stays, and who has it goes on.
  if (pageIsKsm(frame)) return -1;
  let how: u32 = Unmap.Unmap | Unmap.IgnoreMlock | Unmap.IgnoreAccess;
  if (pageTest(frame, PageFlag.SwapCache)) how |= Unmap.IgnoreHwpoison;
  let loses = true;
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  if (mapping && accountsDirty(mapping) && !pageTest(frame, PageFlag.Dirty)) {
    if (pageMkclean(frame)) {
      setPageDirty(frame);
    } else {
      // The disk has the same: the next fault reads it again.
      loses = false;
      how |= Unmap.IgnoreHwpoison;
    }
  }
  if (loses && early) collectProcs(frame);
  const gone = tryToUnmap(frame, how) == UnmapResult.Success;
  const sent = killProcs(frame, pageTest(frame, PageFlag.Dirty), !gone);
  return gone ? <i32>sent : -1 - <i32>sent;
}
