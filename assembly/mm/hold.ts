// A process that stays inside a page fault, with mmap_sem held for read, until it is let go: as a read from swap that
// takes its time keeps it. Meanwhile it does nothing else, and whoever wants mmap_sem for write would have to wait.

import { Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { Doing } from "../locks";
import { header } from "../memory/header";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { Task } from "../struct/task";
import { countReader, downRead, upRead } from "../sync/lock";

/** The task is inside a fault from now on. */
export function holdTask(task: Task, mm: MmStruct): void {
  const sem = mmapSem(mm);
  downRead(sem, Doing.Fault);
  countReader(sem, 1);
  task.held = 1;
  mm.heldReaders++;
  header().tasksHeld++;
  upRead(sem);
}

/** Its fault is over: 0, or EINVAL if it is in none. */
export function letGoTask(task: Task, mm: MmStruct): i32 {
  if (!task.held) return Errno.EINVAL;
  task.held = 0;
  mm.heldReaders--;
  header().tasksHeld--;
  countReader(mmapSem(mm), -1);
  return 0;
}

/** Is it done to the process, and not by it? */
function isDoneToIt(op: Op): bool {
  return op == Op.LetGo || op == Op.MoveTask || op == Op.CollapseHuge || op == Op.RegisterNotifier;
}

/** Does it want mmap_sem for write? */
function changes(op: Op): bool {
  switch (op) {
    case Op.Read:
    case Op.Write:
    case Op.Execute:
    case Op.MoveTask:
    case Op.Exec:
    case Op.Exit:
    case Op.HoldFault:
    case Op.LetGo:
      return false;
    default:
      return true;
  }
}

/** Must the operation be refused, as it is the held task's, or would wait for one for ever? */
export function isHeldBack(op: Op, task: Task, mm: MmStruct, threadOnly: bool): bool {
  if (!header().tasksHeld) return false;
  if (task.held && !isDoneToIt(op)) return true;
  // In the explorer whoever waits may see it let go.
  return mm.heldReaders != 0 && header().actor == 0 && !threadOnly && changes(op);
}
