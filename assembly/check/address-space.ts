// Address spaces: who runs in them, and their VMAs, by list and by tree.

import { VmFlag } from "../abi/flag";
import { IndexOwner, Violated } from "../violated";
import { rbFirst, rbNext } from "../index/rb-tree";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { TASK_SIZE } from "../mm/unmapped-area";
import { MmStruct } from "../struct/mm-struct";
import { Task } from "../struct/task";
import { MM_NODE, Vma, vmaPages } from "../struct/vma";
import { noteNotifiers } from "./notifiers";
import { isLive, mmNote, pidOf, pidOfMm, startOfVma, vmaNote } from "./census";
import { checkColours, treeHolds } from "./tree";
import { violated, violatedUnless } from "./violation";

function vmaAt(address: u32): Vma {
  return changetype<Vma>(<usize>address);
}

/** Counts each address space's tasks, and names it by the lowest pid. */
export function checkTasks(): void {
  for (let at = slabNext(Cache.Task, 0); at; at = slabNext(Cache.Task, at)) {
    const task = changetype<Task>(at);
    if (!isLive(Cache.Mm, task.mm)) {
      violated(Violated.TaskMm, <f64>task.pid);
      continue;
    }
    const note = mmNote(task.mm);
    if (!note.tasks || task.pid < note.pid) note.pid = task.pid;
    note.tasks++;
  }
}

function checkBounds(pid: f64, vma: Vma, before: u32): void {
  const aligned = ((vma.start | vma.end) & 0xfff) == 0;
  if (!aligned || vma.start >= vma.end || vma.end > TASK_SIZE) {
    violated(Violated.VmaBounds, pid, <f64>vma.start, <f64>vma.end);
  }
  if (before && vma.start < vmaAt(before).end) {
    violated(Violated.VmaOrder, pid, <f64>vma.start, <f64>vmaAt(before).end);
  }
}

/** Follows the list as far as it goes. */
function checkList(mm: MmStruct): void {
  const pid = pidOfMm(mm);
  const self = <u32>changetype<usize>(mm);
  let before: u32 = 0;
  let n: u32 = 0;
  let locked: u64 = 0;
  for (let at = mm.mmap; at; at = vmaAt(at).next) {
    // A VMA that was listed before: the list runs in a circle, or into another's.
    if (!isLive(Cache.Vma, at) || vmaNote(at).listed) {
      violated(Violated.VmaLink, pid, before ? <f64>vmaAt(before).start : 0);
      return;
    }
    const vma = vmaAt(at);
    vmaNote(at).listed = 1;
    if (vma.mm != self || vma.prev != before) violated(Violated.VmaLink, pid, <f64>vma.start);
    checkBounds(pid, vma, before);
    if (vma.flags & VmFlag.Locked) locked += vmaPages(vma);
    before = at;
    n++;
  }
  mmNote(self).sound = 1;
  if (mm.mapCount != n) violated(Violated.MapCount, pid, <f64>mm.mapCount, <f64>n);
  if (<u64>mm.lockedVm != locked) {
    violated(Violated.LockedVm, pid, <f64>mm.lockedVm, <f64>locked);
  }
}

/** Is the tree in good order, and does it hold the VMAs of the list? */
function checkTree(mm: MmStruct): void {
  const pid = pidOfMm(mm);
  const root = changetype<usize>(mm) + offsetof<MmStruct>("mmRb");
  if (!treeHolds(root, IndexOwner.Mm, pid)) return;
  checkColours(root, IndexOwner.Mm, pid);
  if (!mmNote(<u32>changetype<usize>(mm)).sound) return;
  let vma = mm.mmap;
  let node = rbFirst(mm.mmRb);
  while (vma && node == vma + <u32>MM_NODE) {
    vma = vmaAt(vma).next;
    node = rbNext(node);
  }
  if (!vma && !node) return;
  const first = vma ? vma : node - <u32>MM_NODE;
  violated(Violated.VmaTree, pid, <f64>vmaAt(first).start);
}

function checkCache(mm: MmStruct): void {
  const cached = mm.mmapCache;
  if (!cached) return;
  const own =
    isLive(Cache.Vma, cached) &&
    vmaAt(cached).mm == <u32>changetype<usize>(mm) &&
    vmaNote(cached).listed != 0;
  if (!own) violated(Violated.VmaCache, pidOfMm(mm));
}

/** VMAs that are in no list, and how many there are in all. */
function checkAllVmas(): void {
  let listed = 0;
  let known = true;
  for (let at = slabNext(Cache.Vma, 0); at; at = slabNext(Cache.Vma, at)) {
    const mm = vmaAt(<u32>at).mm;
    if (vmaNote(<u32>at).listed) {
      listed++;
    } else if (!isLive(Cache.Mm, mm) || mmNote(mm).sound) {
      violated(Violated.VmaLost, pidOf(mm), startOfVma(<u32>at));
    } else {
      // Behind a broken link nothing is known.
      known = false;
    }
  }
  if (known) violatedUnless(Violated.Vmas, <f64>header().vmas, <f64>listed);
}

/** After checkTasks. */
export function checkAddressSpaces(): void {
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    const tasks = mmNote(<u32>at).tasks;
    // KSM may hold the struct of an address space that nobody runs in any more.
    if (mm.users != tasks || (!tasks && !mm.ksmSlot)) {
      violated(Violated.MmUsers, pidOfMm(mm), <f64>mm.users, <f64>tasks);
    }
    const holders = (mm.users ? 1 : 0) + (mm.ksmSlot ? 1 : 0) + noteNotifiers(mm);
    if (mm.count != holders) {
      violated(Violated.MmCount, pidOfMm(mm), <f64>mm.count, <f64>holders);
    }
    if (!mm.users && (mm.mmap || mm.pgd)) violated(Violated.MmLeft, pidOfMm(mm));
    checkList(mm);
    checkTree(mm);
    if (mmNote(<u32>at).sound) checkCache(mm);
  }
  checkAllVmas();
}
