// mm_take_all_locks: everything that changes entries of an address space stands still, so that whoever registers
// sees every pair of a range's start and end, or none of it. Each file's i_mmap_mutex and each root's mutex is
// taken once: a mark tells which are, in the file, and in the low bit of the root's index.

import { Doing, LockClass } from "../locks";
import { Header, header } from "../memory/header";
import { AddressSpace, iMmapMutex, mappingOf } from "../struct/address-space";
import { AnonVma, AnonVmaChain, rootMutex } from "../struct/anon-vma";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { Vma } from "../struct/vma";
import { holds, lock, lockAmongAll, unlock, unlockAmongAll } from "../sync/lock";

/** In AnonVma.head of a root, an address that eight divides. */
export const ALL_LOCKS_MARK: u32 = 1;

function mmAllLocksMutex(): usize {
  return changetype<usize>(header()) + offsetof<Header>("mmAllLocksMutex");
}

function rootOf(chain: AnonVmaChain): AnonVma {
  const anonVma = changetype<AnonVma>(<usize>chain.anonVma);
  return changetype<AnonVma>(<usize>anonVma.root);
}

/** vm_lock_mapping. */
function lockMapping(mapping: AddressSpace): void {
  if (mapping.mmAllLocks) return;
  mapping.mmAllLocks = 1;
  lockAmongAll(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.NotifierList);
}

/** vm_lock_anon_vma. Under the mutex nobody else reads the index, so the mark is in nobody's way. */
function lockRoot(root: AnonVma): void {
  if (root.head & ALL_LOCKS_MARK) return;
  lockAmongAll(rootMutex(root), LockClass.AnonVmaMutex, Doing.NotifierList);
  root.head |= ALL_LOCKS_MARK;
}

function unlockMapping(mapping: AddressSpace): void {
  if (!mapping.mmAllLocks) return;
  mapping.mmAllLocks = 0;
  unlockAmongAll(iMmapMutex(mapping));
}

function unlockRoot(root: AnonVma): void {
  if (!(root.head & ALL_LOCKS_MARK)) return;
  root.head &= ~ALL_LOCKS_MARK;
  unlockAmongAll(rootMutex(root));
}

/** With mmap_sem held for write: all of the i_mmap_mutexes first, then all of the roots' mutexes. */
export function mmTakeAllLocks(mm: MmStruct): void {
  assert(holds(mmapSem(mm)), "mm_take_all_locks: without mmap_sem for write");
  lock(mmAllLocksMutex(), LockClass.MmAllLocksMutex, Doing.NotifierList);
  for (let at = mm.mmap; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    if (vma.file) lockMapping(mappingOf(vma));
  }
  for (let at = mm.mmap; at; at = changetype<Vma>(<usize>at).next) {
    for (let link = changetype<Vma>(<usize>at).chainHead; link;) {
      const chain = changetype<AnonVmaChain>(<usize>link);
      lockRoot(rootOf(chain));
      link = chain.older;
    }
  }
}

/** mm_drop_all_locks. */
export function mmDropAllLocks(mm: MmStruct): void {
  for (let at = mm.mmap; at; at = changetype<Vma>(<usize>at).next) {
    const vma = changetype<Vma>(<usize>at);
    for (let link = vma.chainHead; link;) {
      const chain = changetype<AnonVmaChain>(<usize>link);
      unlockRoot(rootOf(chain));
      link = chain.older;
    }
    if (vma.file) unlockMapping(mappingOf(vma));
  }
  unlock(mmAllLocksMutex());
}
