// Tasks and the life of their address spaces: spawn, fork, exit. exec.ts has exec.

import { CloneFlag } from "../abi/argument";
import { header } from "../memory/header";
import { mmAlloc, mmDrop, MmStruct } from "../struct/mm-struct";
import { Task, taskAlloc, taskFree } from "../struct/task";
import { dupMmap } from "./fork";
import { ksmExit } from "./ksm-slot";
import { mmuNotifierRelease } from "./mmu-notifier";
import { munlockWhole } from "./mlock";
import { unmapRegion } from "./munmap";
import { Vma } from "../struct/vma";
import { putSwapToken, resetSwapToken } from "./thrash";
import { areaReset, TASK_SIZE } from "./unmapped-area";

export function mmOf(task: usize): MmStruct {
  return changetype<MmStruct>(<usize>changetype<Task>(task).mm);
}

/** An empty address space with one user, or null when memory is exhausted. */
export function mmCreate(brk: u64): MmStruct | null {
  const mm = mmAlloc();
  if (mm) {
    mm.startBrk = brk;
    mm.brk = brk;
    areaReset(mm);
  }
  return mm;
}

/** A user more: the address space of a running operation stays, whoever exits meanwhile. */
export function mmGet(mm: MmStruct): void {
  mm.users++;
}

/** Drops a user of the address space; with the last one everything in it goes. */
export function mmPut(mm: MmStruct): void {
  if (--mm.users) return;
  ksmExit(mm);
  mmuNotifierRelease(mm);
  const first = mm.mmap;
  for (let at = first; mm.lockedVm && at; at = changetype<Vma>(<usize>at).next) {
    munlockWhole(changetype<Vma>(<usize>at));
  }
  header().vmas -= mm.mapCount;
  mm.mmap = 0;
  mm.mmRb = 0;
  mm.mmapCache = 0;
  mm.mapCount = 0;
  if (first) unmapRegion(mm, first, 0, 0, 0, TASK_SIZE);
  putSwapToken(mm);
  mmDrop(mm);
}

/** A task with an empty address space, or 0 when memory is exhausted. */
export function taskSpawn(brk: u64, memcg: u32): usize {
  const mm = mmCreate(brk);
  if (!mm) return 0;
  mm.memcg = memcg;
  const task = taskAlloc(changetype<usize>(mm), 0);
  if (!task) mmDrop(mm);
  return task;
}

/** A child with a copy of the address space, or with CloneFlag.Vm the same; 0 when memory is exhausted. */
export function taskFork(parent: usize, flags: u32): usize {
  const pid = changetype<Task>(parent).pid;
  const mm = mmOf(parent);
  if (flags & CloneFlag.Vm) {
    const thread = taskAlloc(changetype<usize>(mm), pid);
    if (thread) {
      mm.users++;
      resetSwapToken(mm);
    }
    return thread;
  }
  const copy = mmCreate(mm.startBrk);
  if (!copy) return 0;
  copy.faultstamp = mm.faultstamp;
  if (!dupMmap(copy, mm)) {
    mmPut(copy);
    return 0;
  }
  const child = taskAlloc(changetype<usize>(copy), pid);
  if (!child) mmPut(copy);
  return child;
}

export function taskExit(task: usize): void {
  const mm = mmOf(task);
  taskFree(changetype<Task>(task));
  mmPut(mm);
}
