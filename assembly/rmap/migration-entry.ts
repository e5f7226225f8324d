// remove_migration_pte: the entry that stood for a page on its way becomes one for the page again.

import { VmFlag } from "../abi/flag";
import { MigrationMlock } from "../abi/switch";
import { WalkAct } from "../abi/walk";
import { Doing } from "../locks";
import { header } from "../memory/header";
import { MmStruct } from "../struct/mm-struct";
import { pageIsAnon } from "../struct/page";
import { getPage } from "../struct/page-frame";
import { pmdAt, ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { pteFrame, pteIsMigration, pteMigrationIsWritable, pteOf, PTE_WRITE } from "../struct/pte";
import { isHugetlbVma, Vma } from "../struct/vma";
import { vmaPageProt } from "../struct/vma-prot";
import { traceDid, traceEntry, traceNoTable } from "../struct/walk-trace";
import { pageAddAnonRmap, pageAddFileRmap } from "./accounting";
import { hugetlbRemoveMigrationPte } from "./hugetlb";
import { mlockVmaPage } from "./mlock";

/**
 * Restores one entry, if it waits for the page that was in the old frame: old, clean, and as the VMA's
 * fresh entries are, writable besides if it was. The lock is taken without a look first, since mremap may move entries without the anon_vma's mutex.
 * @returns true if there was one
 */
export function removeMigrationPte(frame: u32, vma: Vma, address: u64, old: u32): bool {
  if (isHugetlbVma(vma)) return hugetlbRemoveMigrationPte(frame, vma, address, old);
  const pmd = pmdAt(changetype<MmStruct>(<usize>vma.mm), address);
  if (!pmd) {
    if (CHECKED) traceNoTable(address);
    return false;
  }
  ptlLock(pmd, Doing.RestoreEntry);
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  if (CHECKED) traceEntry(frame, address, entry);
  const waits = pteIsMigration(entry) && pteFrame(entry) == old;
  if (waits) {
    getPage(frame);
    let bits = vmaPageProt(vma);
    if (pteMigrationIsWritable(entry)) bits |= PTE_WRITE;
    store<u64>(pte, pteOf(frame, bits));
    if (pageIsAnon(frame)) pageAddAnonRmap(frame, vma, address, false);
    else pageAddFileRmap(frame);
    // The last unmap has cleared the mark; up to 2015 only reclaim or another mlock set it again.
    if (header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked) {
      mlockVmaPage(frame);
    }
    if (CHECKED) traceDid(WalkAct.Restored);
  }
  ptlUnlock(pmd);
  return waits;
}
