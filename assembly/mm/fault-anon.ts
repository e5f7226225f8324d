// A fault on private anonymous memory that was never touched.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { PageFlag, VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { event } from "../memory/event";
import { pageAddNewAnonRmap } from "../rmap/accounting";
import { MmStruct } from "../struct/mm-struct";
import { pageSet, pageSetWord, ZERO_FRAME } from "../struct/page";
import { ptlLock, ptlUnlock, pteUnder } from "../struct/page-table";
import { PTE_DIRTY, pteOf, PTE_SPECIAL, PTE_USER, PTE_WRITE, PTE_YOUNG } from "../struct/pte";
import { Vma } from "../struct/vma";
import { anonVmaPrepare } from "./anon-prepare";
import { dropNewPage, pageAllocCharged } from "./memcg-charge";
import { vmaPageProt } from "../struct/vma-prot";
import { keepsGuardPage } from "./stack";

/** A read maps the zero page: no rmap, no anon_vma, no rss. */
function mapZeroPage(vma: Vma, address: u64, pmd: usize): i32 {
  ptlLock(pmd, Doing.Fault);
  const pte = pteUnder(pmd, address);
  if (!load<u64>(pte)) {
    store<u64>(pte, pteOf(ZERO_FRAME, PTE_SPECIAL | PTE_YOUNG | vmaPageProt(vma)));
    event(Event.ZeroPage, <f64>address, 0, 0);
  }
  ptlUnlock(pmd);
  return 0;
}

/** Returns 0, ENOMEM, or SIGBUS where a stack would run into what is mapped below it. */
export function anonFault(vma: Vma, address: u64, pmd: usize, write: bool): i32 {
  if (!write) return keepsGuardPage(vma, address) ? mapZeroPage(vma, address, pmd) : Errno.SIGBUS;
  const frame = pageAllocCharged(<usize>vma.mm);
  if (!frame) return Errno.ENOMEM;
  let error = keepsGuardPage(vma, address) ? 0 : Errno.SIGBUS;
  if (!error && !anonVmaPrepare(vma)) error = Errno.ENOMEM;
  if (error) {
    dropNewPage(frame);
    return error;
  }
  pageSetWord(frame, 0);
  pageSet(frame, PageFlag.Uptodate);
  ptlLock(pmd, Doing.Fault);
  const pte = pteUnder(pmd, address);
  if (load<u64>(pte)) {
    ptlUnlock(pmd);
    dropNewPage(frame);
    return 0;
  }
  changetype<MmStruct>(<usize>vma.mm).anonRss++;
  pageAddNewAnonRmap(frame, vma, address);
  let bits = PTE_YOUNG | vmaPageProt(vma);
  if (vma.flags & VmFlag.Write) bits |= PTE_WRITE | PTE_DIRTY | PTE_USER;
  store<u64>(pte, pteOf(frame, bits));
  ptlUnlock(pmd);
  event(Event.AnonPage, <f64>address, <f64>frame, 0);
  return 0;
}
