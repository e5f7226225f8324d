// One dispatcher for single calls and batches: reads submission records, leaves completions.

import { Advice, CloneFlag, LockAll, MremapFlag, Prot, RemapFlag } from "../abi/argument";
import { BATCH_CAPACITY, COMPLETION_BYTES, SUBMISSION_BYTES } from "../abi/memory";
import { FIRST_FILE_OP, FIRST_MACHINE_OP, FIRST_PAGE_OP, Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { setCurrentMm } from "../memory/current";
import { objectOf } from "../memory/handle";
import { COMPLETIONS, header, SUBMISSIONS } from "../memory/header";
import { Cache } from "../memory/slab";
import { File } from "../struct/address-space";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { Task } from "../struct/task";
import { Doing } from "../locks";
import { assertNothingHeld, downWrite, upWrite } from "../sync/lock";
import { arg, created, fail, handleArg, isStaleMemcg, memcgOf } from "./argument";
import { ofFile } from "./dispatch-file";
import { ofMachine } from "./dispatch-machine";
import { ofNotifier, registerNotifier } from "./dispatch-notifier";
import { ofPage } from "./dispatch-page";
import { Access, accessMemory } from "./fault";
import { collapseHugePage } from "./collapse";
import { doMadvise } from "./madvise";
import { moveMm } from "./memcg-move";
import { doBrk } from "./brk";
import { canEndAt, doExec } from "./exec";
import { holdTask, isHeldBack, letGoTask } from "./hold";
import { doMlock, doMlockall, doMunlock } from "./mlock";
import { doMmap } from "./mmap";
import { doMprotect } from "./mprotect";
import { doMremap } from "./mremap";
import { doMunmap } from "./munmap";
import { doRemapFilePages } from "./fremap";
import { mmGet, mmOf, mmPut, taskExit, taskFork, taskSpawn } from "./process";

const MAX_INTEGER: f64 = 9007199254740991;

const ALL_PROT: u64 = Prot.Read | Prot.Write | Prot.Exec;
const ALL_MAP: u64 = 255;
const ALL_MREMAP: u64 = MremapFlag.MayMove | MremapFlag.Fixed;
const ALL_LOCKALL: u64 = LockAll.Current | LockAll.Future;

function isInteger(value: f64): bool {
  return value >= 0 && value <= MAX_INTEGER && Math.floor(value) == value;
}

/** Calls that change the address space, with mmap_sem held for write. */
function changeMm(op: Op, mm: MmStruct, record: usize): f64 {
  const address = arg(record, 1);
  const length = arg(record, 2);
  const a = arg(record, 3);
  const b = arg(record, 4);
  switch (op) {
    case Op.Mmap: {
      if (a > ALL_PROT || b > ALL_MAP) return fail(Errno.EINVAL);
      const handle = load<f64>(record + 48);
      const file = handle ? objectOf(Cache.File, handle) : 0;
      if (handle && !(file && changetype<File>(file).held)) return fail(Errno.ESTALE);
      return <f64>doMmap(mm, address, length, <u32>a, <u32>b, <u32>file, arg(record, 6));
    }
    case Op.Munmap:
      return fail(doMunmap(mm, address, length));
    case Op.Mprotect:
      if (a > ALL_PROT) return fail(Errno.EINVAL);
      return fail(doMprotect(mm, address, length, <u32>a));
    case Op.Mremap:
      if (b > ALL_MREMAP) return fail(Errno.EINVAL);
      return <f64>doMremap(mm, address, length, a, <u32>b, arg(record, 5));
    case Op.Madvise:
      if (a > <u64>Advice.NoHugePage) return fail(Errno.EINVAL);
      return fail(doMadvise(mm, address, length, <Advice>(<i32>a)));
    case Op.Brk:
      return <f64>doBrk(mm, address);
    default:
      return fail(Errno.EINVAL);
  }
}

function access(op: Op, mm: MmStruct, record: usize): f64 {
  const how = op == Op.Write ? Access.Write : op == Op.Read ? Access.Read : Access.Execute;
  const word = load<f64>(record + 24);
  return accessMemory(mm, arg(record, 1), how, word);
}

function remap(mm: MmStruct, record: usize): f64 {
  const how = arg(record, 4);
  if (how > <u64>RemapFlag.NonBlock) return fail(Errno.EINVAL);
  return fail(doRemapFilePages(mm, arg(record, 1), arg(record, 2), arg(record, 3), <u32>how));
}

function spawn(record: usize): f64 {
  const memcg = handleArg(record, 1);
  if (isStaleMemcg(memcg)) return fail(Errno.ESTALE);
  return created(taskSpawn(arg(record, 0), memcg ? memcgOf(memcg) : header().rootMemcg));
}

function exec(task: usize, record: usize): f64 {
  const pages = arg(record, 2);
  const top = arg(record, 3);
  if (pages && !canEndAt(top, pages)) return fail(Errno.EINVAL);
  return fail(doExec(task, arg(record, 1), pages, top, arg(record, 4) != 0));
}

/** Does the process itself do it? */
function isItsOwn(op: Op): bool {
  return op != Op.MoveTask && op != Op.CollapseHuge;
}

function ofTask(op: Op, task: usize, record: usize): f64 {
  const mm = mmOf(task);
  const threadOnly = op == Op.Fork && (arg(record, 1) & CloneFlag.Vm) != 0;
  if (isHeldBack(op, changetype<Task>(task), mm, threadOnly)) return fail(Errno.EBUSY);
  if (isItsOwn(op)) setCurrentMm(<u32>changetype<usize>(mm));
  const result = byTask(op, task, mm, record);
  setCurrentMm(0);
  return result;
}

function byTask(op: Op, task: usize, mm: MmStruct, record: usize): f64 {
  if (op == Op.Exec) return exec(task, record);
  if (op == Op.Exit) {
    taskExit(task);
    return 0;
  }
  mmGet(mm);
  const result = ofMm(op, task, mm, record);
  if (mm.mapCount > header().peakMapCount) header().peakMapCount = mm.mapCount;
  mmPut(mm);
  return result;
}

function ofMm(op: Op, task: usize, mm: MmStruct, record: usize): f64 {
  switch (op) {
    case Op.Fork:
      return created(taskFork(task, <u32>arg(record, 1)));
    case Op.Read:
    case Op.Write:
    case Op.Execute:
      return access(op, mm, record);
    case Op.CollapseHuge:
      return <f64>collapseHugePage(mm, arg(record, 1));
    case Op.Mlock:
      return fail(doMlock(mm, arg(record, 1), arg(record, 2)));
    case Op.Munlock:
      return fail(doMunlock(mm, arg(record, 1), arg(record, 2)));
    case Op.MoveTask: {
      const memcg = handleArg(record, 1);
      if (!memcg || isStaleMemcg(memcg)) return fail(Errno.ESTALE);
      return fail(moveMm(mm, memcgOf(memcg)));
    }
    case Op.Mlockall:
      if (arg(record, 1) > ALL_LOCKALL) return fail(Errno.EINVAL);
      return fail(doMlockall(mm, <u32>arg(record, 1)));
    case Op.RemapFilePages:
      return remap(mm, record);
    case Op.RegisterNotifier:
      return registerNotifier(mm, record);
    case Op.HoldFault:
      holdTask(changetype<Task>(task), mm);
      return 0;
    case Op.LetGo:
      return fail(letGoTask(changetype<Task>(task), mm));
    default: {
      downWrite(mmapSem(mm), Doing.ChangeMm);
      const result = changeMm(op, mm, record);
      upWrite(mmapSem(mm));
      return result;
    }
  }
}

function execute(record: usize, completion: usize): f64 {
  for (let n: usize = 0; n < 7; n++) {
    if (!isInteger(load<f64>(record + 8 + (n << 3)))) return fail(Errno.EINVAL);
  }
  const op = <Op>(<i32>load<f64>(record));
  if (op >= FIRST_MACHINE_OP) return ofMachine(op, record);
  if (op >= FIRST_PAGE_OP) return ofPage(op, record, completion);
  if (op >= FIRST_FILE_OP) return ofFile(op, record);
  if (op == Op.Spawn) return spawn(record);
  if (op == Op.UnregisterNotifier || op == Op.DeviceAccess) return ofNotifier(op, record);
  if (op < Op.Spawn || op > Op.LetGo) return fail(Errno.EINVAL);
  const task = objectOf(Cache.Task, handleArg(record, 0));
  return task ? ofTask(op, task, record) : fail(Errno.ESRCH);
}

/** What is there between operations counts, not what an operation needs on its way. */
function notePeak(): void {
  const state = header();
  state.peakVmas = max(state.peakVmas, state.vmas);
}

/**
 * Runs records [first, first + n) of the submission buffer in order. A failure does not stop the rest.
 * @returns how many failed
 */
export function submit(first: u32, n: u32): u32 {
  assert(first + n <= <u32>BATCH_CAPACITY, "submit: beyond the submission buffer");
  let failed: u32 = 0;
  for (let i = first; i < first + n; i++) {
    const completion = COMPLETIONS + <usize>i * <usize>COMPLETION_BYTES;
    store<f64>(completion, 0, 8);
    const result = execute(SUBMISSIONS + <usize>i * <usize>SUBMISSION_BYTES, completion);
    store<f64>(completion, result);
    notePeak();
    if (result < 0) failed++;
    assertNothingHeld();
  }
  return failed;
}
