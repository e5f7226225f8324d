// Whom memory_failure tells: those tasks that map the page are noted before it is unmapped, which takes the reverse
// map down, and are sent a signal afterwards, if something was lost. Signals are kept with the task, and not delivered.

import { Doing, LockClass } from "../locks";
import { Signal } from "../abi/result";
import {
  anonSource,
  fileSource,
  isOfFile,
  sourceFirst,
  sourceNext,
  sourceRoot,
} from "../index/source";
import { stepNode } from "../index/step";
import { header } from "../memory/header";
import { hugetlbAskedPgoff, OUTSIDE, pageAddressInVma, pageMappedInVma } from "../rmap/address";
import { pageLockAnonVma, pageUnlockAnonVma } from "../rmap/page-lock";
import { AddressSpace, iMmapMutex } from "../struct/address-space";
import { vmaOfNode } from "../struct/interval-node";
import { pageFileMapping, pageIndex, pageIsAnon, pageIsHugetlb } from "../struct/page";
import { Task } from "../struct/task";
import { Vma } from "../struct/vma";
import { lock, unlock } from "../sync/lock";

/** add_to_kill, of every task that runs in the VMA's address space. Of several places the first one is told. */
function addToKill(frame: u32, vma: Vma): void {
  const address = pageAddressInVma(frame, vma);
  for (let at = header().tasks; at; at = changetype<Task>(<usize>at).next) {
    const task = changetype<Task>(<usize>at);
    if (task.mm != vma.mm || task.collected == frame) continue;
    task.collected = frame;
    if (!task.signal) task.signalAddress = address == OUTSIDE ? 0 : address;
  }
}

/**
 * VMAs that owner offers; those of anonymous pages only where the page is mapped right now. It is not counted as a
 * walk, as it is none of mm/rmap.c's.
 */
function collectIn(source: u32, owner: usize, frame: u32): void {
  const index = pageIndex(frame);
  const pgoff = pageIsHugetlb(frame) ? hugetlbAskedPgoff(index) : index;
  let node = stepNode(sourceFirst(source, sourceRoot(source, owner), pgoff, pgoff));
  for (; node; node = stepNode(sourceNext(source, node, pgoff, pgoff))) {
    const vma = vmaOfNode(node);
    if (isOfFile(source) || pageMappedInVma(frame, vma)) addToKill(frame, vma);
  }
}

/** collect_procs: notes the tasks that are to hear of it. */
export function collectProcs(frame: u32): void {
  if (pageIsAnon(frame)) {
    const anonVma = pageLockAnonVma(frame);
    if (!anonVma) return;
    collectIn(anonSource(), changetype<usize>(anonVma), frame);
    pageUnlockAnonVma(anonVma);
    return;
  }
  const mapping = changetype<AddressSpace | null>(<usize>pageFileMapping(frame));
  if (!mapping) return;
  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.MemoryFailure);
  collectIn(fileSource(), changetype<usize>(mapping), frame);
  unlock(iMmapMutex(mapping));
}

/**
 * kill_procs: sends those that were noted a signal, or forgets them.
 * @param force something was lost
 * @param mapped the page could not be unmapped: nobody must go on to use it
 * @returns how many are sent one
 */
export function killProcs(frame: u32, force: bool, mapped: bool): u32 {
  let sent: u32 = 0;
  for (let at = header().tasks; at; at = changetype<Task>(<usize>at).next) {
    const task = changetype<Task>(<usize>at);
    if (task.collected != frame) continue;
    task.collected = 0;
    if (!force) continue;
    if (task.signal != <u32>Signal.Kill) task.signal = mapped ? Signal.Kill : Signal.Bus;
    task.signalSequence = header().memoryFailures;
    sent++;
  }
  return sent;
}
