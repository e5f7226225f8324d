// An access to memory: the entry if it allows it, else a fault, as the hardware and handle_mm_fault do it.
// Under mmap_sem for read. The order inside each path is that of spec/rmap.md Part 3, except that pages
// are allocated before anon_vma_prepare, so that a fault that finds no frame leaves nothing behind.

import { Counter } from "../abi/counter";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { TASK_SIZE_PAGES } from "../abi/unit";
import { count, header } from "../memory/header";
import { pmdLock, pmdUnlock } from "../rmap/huge-entry";
import { mmapSem, MmStruct, pageTableLock } from "../struct/mm-struct";
import { pageReadWord, pageSetWord } from "../struct/page";
import {
  entryOf,
  hugeEntry,
  hugePmdAt,
  pmdAlloc,
  pmdAt,
  pmdSlotAlloc,
  pteAt,
  pteUnder,
  setHugeEntry,
  trimPageTables,
} from "../struct/page-table";
import {
  pteBits,
  PTE_DIRTY,
  pteFrame,
  pteIsFile,
  pteIsPage,
  pteIsPresent,
  PTE_PRESENT,
  PTE_USER,
  PTE_WRITE,
  PTE_YOUNG,
} from "../struct/pte";
import { isHugetlbVma, Vma } from "../struct/vma";
import { Doing } from "../locks";
import { downRead, isLocked, upRead } from "../sync/lock";
import { anonFault } from "./fault-anon";
import { countFault } from "./fault-count";
import { linearFault, nonlinearFault } from "./fault-file";
import { hugeFault, SMALL } from "./fault-huge";
import { swapFault } from "./fault-swap";
import { wpFault } from "./fault-write-protect";
import { growStack } from "./stack";
import { hugetlbFault } from "./hugetlb-fault";
import { findVma } from "./vma-list";

export enum Access {
  Read = 0,
  Write,
  Execute,
}

/** What a fault path says: go on (and look again), or an Errno. */
export const FAULT_DONE: i32 = 0;

/** A fault that does not succeed after so many tries is our bug, not the program's. */
const MAX_TRIES: i32 = 64;

/** No entry that allows the access. */
const MISS: f64 = -1;

/** touch, where no table is. */
function touchHuge(mm: MmStruct, address: u64, access: Access, word: f64): f64 {
  const pmd = hugePmdAt(mm, address);
  if (!pmd) return MISS;
  const entry = hugeEntry(pmd);
  if ((entry & (PTE_PRESENT | PTE_USER)) != (PTE_PRESENT | PTE_USER)) return MISS;
  const frame = pteFrame(entryOf(mm, address));
  if (access != Access.Write) {
    setHugeEntry(pmd, entry | pteBits(PTE_YOUNG));
    const content = pageReadWord(frame);
    return access == Access.Read ? content : 0;
  }
  if (!(entry & PTE_WRITE)) return MISS;
  setHugeEntry(pmd, entry | pteBits(PTE_YOUNG | PTE_DIRTY));
  pageSetWord(frame, word);
  return 0;
}

/** Reads or writes the page's word if the entry allows it, and marks the entry as the hardware does. */
function touch(mm: MmStruct, address: u64, access: Access, word: f64): f64 {
  const pte = pteAt(mm, address);
  if (!pte) return touchHuge(mm, address, access, word);
  const entry = load<u64>(pte);
  if ((entry & (PTE_PRESENT | PTE_USER)) != (PTE_PRESENT | PTE_USER)) return MISS;
  if (access == Access.Write) {
    if (!(entry & PTE_WRITE)) return MISS;
    store<u64>(pte, entry | pteBits(PTE_YOUNG | PTE_DIRTY));
    pageSetWord(pteFrame(entry), word);
    return 0;
  }
  store<u64>(pte, entry | pteBits(PTE_YOUNG));
  if (!pteIsPage(entry)) return 0;
  const content = pageReadWord(pteFrame(entry));
  return access == Access.Read ? content : 0;
}

/** Does the VMA allow it? Execution has no bit in the entry, so it is asked here each time. */
function isAllowed(vma: Vma, access: Access): bool {
  if (access == Access.Write) return (vma.flags & VmFlag.Write) != 0;
  if (access == Access.Execute) return (vma.flags & VmFlag.Exec) != 0;
  return (vma.flags & (VmFlag.Read | VmFlag.Write | VmFlag.Exec)) != 0;
}

/** handle_mm_fault: one step towards an entry that allows the access; 0 (look again), or an Errno. */
export function handleMmFault(mm: MmStruct, vma: Vma, address: u64, write: bool): i32 {
  count(Counter.Faults, 1);
  countFault(mm);
  if (isHugetlbVma(vma)) return hugetlbFault(vma, address, write);
  let pmd = pmdAt(mm, address);
  if (!pmd) {
    const slot = pmdSlotAlloc(mm, address);
    if (!slot) return Errno.ENOMEM;
    const huge = hugeFault(vma, address, slot, write);
    if (huge != SMALL) return huge;
    // Tables are made under the page_table_lock: who holds it may keep a huge entry out of sight for a moment.
    if (isLocked(pageTableLock(mm))) {
      pmdLock(mm, Doing.Fault);
      pmdUnlock(mm);
      return FAULT_DONE;
    }
    pmd = pmdAlloc(mm, address);
    if (!pmd) return Errno.ENOMEM;
  }
  const pte = pteUnder(pmd, address);
  const entry = load<u64>(pte);
  if (pteIsPresent(entry)) return write ? wpFault(vma, address, pmd, entry) : FAULT_DONE;
  if (entry) {
    return pteIsFile(entry)
      ? nonlinearFault(vma, address, pmd, entry, write)
      : swapFault(vma, address, pmd, entry, write);
  }
  return vma.file ? linearFault(vma, address, pmd, write) : anonFault(vma, address, pmd, write);
}

/**
 * Reads, writes or executes at an address.
 * @param word what a write leaves in the page
 * @returns the word read (0 for a write), or -Errno (SIGSEGV and SIGBUS among them)
 */
export function accessMemory(mm: MmStruct, address: u64, access: Access, word: f64): f64 {
  if (address >> 12 >= <u64>TASK_SIZE_PAGES) return <f64>-Errno.SIGSEGV;
  let result = access == Access.Execute ? MISS : touch(mm, address, access, word);
  if (result != MISS) return result;
  const sem = mmapSem(mm);
  downRead(sem, Doing.Fault);
  const tables = mm.tables;
  let error = 0;
  for (let tries = 0; ; tries++) {
    assert(tries < MAX_TRIES, "fault: does not get anywhere");
    const vma = changetype<Vma | null>(<usize>findVma(mm, address));
    if (!vma) {
      error = Errno.SIGSEGV;
      break;
    }
    if (address < vma.start) {
      error = growStack(vma, address, access == Access.Write);
      if (error) break;
    }
    if (!isAllowed(vma, access)) {
      error = Errno.SIGSEGV;
      break;
    }
    // The first time it has just been tried, and nobody but in the explorer can have come in between.
    if (EXPLORE || tries || access == Access.Execute) {
      result = touch(mm, address, access, word);
      if (result != MISS) break;
    }
    error = handleMmFault(mm, vma, address & ~0xfff, access == Access.Write);
    if (error) break;
  }
  upRead(sem);
  // Tables made for nothing go again, unless somebody in the explorer may be looking into them.
  if (error && mm.tables > tables && header().actor == 0) trimPageTables(mm, address, tables);
  return error ? <f64>-error : result;
}
