// exec: a new address space takes the place of the old one. Its first VMA is the stack, which is made at the top
// of all addresses, since only later it is known where it belongs:
//
//   temporary stack, marked             VM_STACK_INCOMPLETE_SETUP: migration leaves its pages alone
//     argument pages                    written from the end down; each may make it grow
//   the old address space goes          no way back from here on
//   setup_arg_pages                     protection; the move; the marks go; room to grow
//
//             new place                          old place
//       |.....sssss|                            |.....sssss|
//       [                     the VMA covers both          ]    entries move: walks find them at neither place
//
// The VMA keeps its pgoff, as its pages keep their index.

import { Doing } from "../locks";
import { Event } from "../abi/event";
import { VmFlag } from "../abi/flag";
import { Errno } from "../abi/result";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/unit";
import { event } from "../memory/event";
import { header } from "../memory/header";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { pageSetWord } from "../struct/page";
import { framesFree, putPage } from "../struct/page-frame";
import { freePageTables, tablesReserve } from "../struct/page-table";
import { Task } from "../struct/task";
import { STACK_SETUP, Vma } from "../struct/vma";
import { downWrite, upWrite } from "../sync/lock";
import { stackLimit } from "./limit";
import { MAY_ANYTHING } from "./mmap";
import { mprotectFixup } from "./mprotect";
import { movePageTables, tablesToMove } from "./move-page-tables";
import { getUserPage } from "./populate";
import { mmCreate, mmOf, mmPut } from "./process";
import { expandStack } from "./stack";
import { TASK_SIZE } from "./unmapped-area";
import { vmaAdjust } from "./vma-adjust";
import { vmaAlloc, vmaLink } from "./vma-list";

/** VM_STACK_FLAGS. */
const STACK_FLAGS: u32 =
  VmFlag.GrowsDown | VmFlag.Read | VmFlag.Write | MAY_ANYTHING | VmFlag.Account;
/** ARG_MAX: as much of arguments is always allowed; beyond it they may take a quarter of what a stack may have. */
const ARG_MAX: u64 = 32;
/** What the stack gets below its arguments at once. */
const STACK_EXPAND: u64 = 32 * PAGE_SIZE;

/** bprm_mm_init: a stack of one page in an empty address space; 0 when memory is exhausted. */
function makeStack(mm: MmStruct): u32 {
  const vma = vmaAlloc();
  if (!vma) return 0;
  const state = vma.state;
  memory.fill(changetype<usize>(vma), 0, offsetof<Vma>());
  vma.state = state;
  vma.mm = <u32>changetype<usize>(mm);
  vma.end = TASK_SIZE;
  vma.start = TASK_SIZE - PAGE_SIZE;
  vma.flags = STACK_FLAGS | STACK_SETUP;
  vma.pgoff = vma.start >> PAGE_SHIFT;
  downWrite(mmapSem(mm), Doing.Exec);
  vmaLink(mm, vma);
  upWrite(mmapSem(mm));
  event(Event.VmaNew, <f64>vma.start, <f64>vma.end, 0);
  return <u32>changetype<usize>(vma);
}

/** copy_strings: argument page i, counted from the end of the stack, begins with i + 1. 0, ENOMEM, or E2BIG. */
function writeArguments(vma: Vma, pages: u64): i32 {
  for (let i: u64 = 1; i <= pages; i++) {
    const address = vma.end - i * PAGE_SIZE;
    if (address < vma.start) {
      const error = expandStack(vma, address);
      if (error) return error == Errno.SIGSEGV ? Errno.E2BIG : error;
    }
    const frame = getUserPage(vma, address);
    if (!frame) return Errno.ENOMEM;
    pageSetWord(frame, <f64>i);
    putPage(frame);
    const size = (vma.end - vma.start) >> PAGE_SHIFT;
    if (size > ARG_MAX && size > stackLimit() / 4) return Errno.E2BIG;
  }
  return 0;
}

/** As many pages of arguments are written at most: then it is known that they are too many. */
function writtenAtMost(): u64 {
  const limit = stackLimit();
  return min(max(ARG_MAX, limit / 4), max(limit, 1));
}

/** shift_arg_pages: the stack moves down. Its entries don't need locks: migration, which must not miss one, keeps away. */
function shiftArgPages(vma: Vma, shift: u64): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  const oldStart = vma.start;
  const oldEnd = vma.end;
  const start = oldStart - shift;
  const end = oldEnd - shift;
  const length = oldEnd - oldStart;
  if (!vmaAdjust(vma, start, oldEnd, vma.pgoff, 0)) return false;
  if (movePageTables(vma, oldStart, start, length, false) < length) return false;
  // Where both places overlap, tables below the new end are still in use.
  freePageTables(mm, max(end, oldStart), oldEnd, end, 0);
  vmaAdjust(vma, start, end, vma.pgoff, 0);
  return true;
}

/** setup_arg_pages: the stack comes to where it will stay. */
function setupArgPages(vma: Vma, top: u64, executable: bool): bool {
  const mm = changetype<MmStruct>(<usize>vma.mm);
  downWrite(mmapSem(mm), Doing.Exec);
  const flags = STACK_FLAGS | STACK_SETUP | (executable ? VmFlag.Exec : 0);
  const shift = vma.end - top;
  const done =
    mprotectFixup(vma, 0, vma.start, vma.end, flags) != 0 && (!shift || shiftArgPages(vma, shift));
  if (done) {
    vma.flags &= ~STACK_SETUP;
    const limit = stackLimit() << PAGE_SHIFT;
    const wanted = vma.end - vma.start + STACK_EXPAND;
    // As much as there may be; nothing where that is less than there is.
    const room = min(min(wanted, limit), vma.end);
    if (vma.end - room < vma.start) expandStack(vma, vma.end - room);
  }
  upWrite(mmapSem(mm));
  return done;
}

/** Is there what cannot be refused any more once the old address space is gone? */
function hasRoomToMove(mm: MmStruct, vma: Vma): bool {
  return tablesReserve(tablesToMove(mm, vma.start, vma.end - vma.start));
}

/** May a stack with so many pages of arguments, and one kept free below, end there? */
export function canEndAt(top: u64, pages: u64): bool {
  return !(top & 0xfff) && top <= TASK_SIZE && pages + 2 < top >> PAGE_SHIFT;
}

/**
 * exec: the task leaves its address space for one that is empty, or holds a stack.
 * @param pages argument pages, 0: no stack
 * @param top where the stack ends, which canEndAt() has allowed
 * @returns 0, or ENOMEM or E2BIG and nothing changed
 */
export function doExec(task: usize, brk: u64, pages: u64, top: u64, executable: bool): i32 {
  const fresh = mmCreate(brk);
  if (!fresh) return Errno.ENOMEM;
  const old = mmOf(task);
  fresh.memcg = old.memcg;
  let stack: u32 = 0;
  if (pages) {
    let error = min(pages, writtenAtMost()) <= <u64>framesFree() ? 0 : Errno.ENOMEM;
    if (!error) {
      stack = makeStack(fresh);
      error = stack ? writeArguments(changetype<Vma>(<usize>stack), pages) : Errno.ENOMEM;
    }
    if (!error && !hasRoomToMove(fresh, changetype<Vma>(<usize>stack))) error = Errno.ENOMEM;
    if (error) {
      mmPut(fresh);
      return error;
    }
  }
  changetype<Task>(task).mm = <u32>changetype<usize>(fresh);
  mmPut(old);
  if (!stack) return 0;
  header().peakMapCount = max(header().peakMapCount, fresh.mapCount);
  return setupArgPages(changetype<Vma>(<usize>stack), top, executable) ? 0 : Errno.ENOMEM;
}
