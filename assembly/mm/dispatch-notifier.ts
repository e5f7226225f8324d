// Operations of clients that are told of changes to a page table.

import { DeviceAccess, NotifierModel } from "../abi/argument";
import { Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { setCurrentMm } from "../memory/current";
import { objectOf } from "../memory/handle";
import { Cache } from "../memory/slab";
import { MmStruct } from "../struct/mm-struct";
import { MmuNotifier } from "../struct/mmu-notifier";
import { arg, created, fail, handleArg } from "./argument";
import { deviceOperation } from "./device-access";
import { mmuNotifierRegister, mmuNotifierUnregister } from "./mmu-notifier";
import { mmGet, mmPut } from "./process";

const ALL_CALLS: u64 = 127;

export function registerNotifier(mm: MmStruct, record: usize): f64 {
  const model = arg(record, 1);
  const calls = arg(record, 3);
  const sleeps = arg(record, 4);
  if (model > <u64>NotifierModel.Rdma || calls > ALL_CALLS || sleeps > 1) {
    return fail(Errno.EINVAL);
  }
  const cookie = handleArg(record, 2);
  const kind = <NotifierModel>(<i32>model);
  return created(<usize>mmuNotifierRegister(mm, kind, cookie, <u32>calls, sleeps != 0));
}

function access(mm: MmStruct, notifier: MmuNotifier, record: usize): f64 {
  const how = arg(record, 2);
  if (how > <u64>DeviceAccess.FaultWrite) return fail(Errno.EINVAL);
  const word = handleArg(record, 3);
  return deviceOperation(mm, notifier, arg(record, 1), <DeviceAccess>(<i32>how), word);
}

/** Of one that is registered, with an address space that somebody still uses. */
export function ofNotifier(op: Op, record: usize): f64 {
  const notifier = changetype<MmuNotifier | null>(objectOf(Cache.Notifier, handleArg(record, 0)));
  if (!notifier || !notifier.listed) return fail(Errno.ESTALE);
  const mm = changetype<MmStruct>(<usize>notifier.mm);
  if (!mm.users) return fail(Errno.ESTALE);
  mmGet(mm);
  // A device's fault is its process's.
  setCurrentMm(<u32>changetype<usize>(mm));
  const result =
    op == Op.UnregisterNotifier
      ? fail(mmuNotifierUnregister(mm, notifier))
      : access(mm, notifier, record);
  setCurrentMm(0);
  mmPut(mm);
  return result;
}
