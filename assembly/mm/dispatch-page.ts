// Operations on one page.

import { Unmap } from "../abi/argument";
import { KEY_ACCESS_SHIFT, StorageKey } from "../abi/flag";
import { Op } from "../abi/operation";
import { Errno, FAILURE_SEQUENCE_UNIT } from "../abi/result";
import {
  hasStorageKeys,
  pageSetStorageKey,
  pageTestAndClearDirty,
  pageTestAndClearYoung,
} from "../arch/storage-key";
import { frameHandle, objectOf } from "../memory/handle";
import { header } from "../memory/header";
import { Cache } from "../memory/slab";
import { references, referencedFlags } from "../rmap/referenced";
import { pageGeneration } from "../struct/page";
import { Vma } from "../struct/vma";
import {
  arg,
  enterContext,
  fail,
  frameOf,
  handleArg,
  isGoneTask,
  isStaleMemcg,
  leaveContext,
  memcgOf,
} from "./argument";
import { memoryFailure, NO_MEMORY } from "./memory-failure";
import { migratePage } from "./migrate";
import {
  askEvictable,
  cleanPage,
  isolatePage,
  pinPage,
  poisonPage,
  putbackPage,
  reclaimPage,
  referencedPage,
  releaseBuffers,
  splitPage,
  unmapPage,
  unpinPage,
} from "./page-operation";
import { mmOf } from "./process";
import { findVma } from "./vma-list";

const KEY_BITS: u64 = StorageKey.Changed | StorageKey.Referenced | (15 << KEY_ACCESS_SHIFT);
const OVERLOOKED: u32 = Unmap.IgnoreMlock | Unmap.IgnoreAccess | Unmap.IgnoreHwpoison;

/** Migration alone would leave entries that nobody restores: it has an operation of its own. */
function isUnmap(how: u64): bool {
  const action = how & ~(<u64>OVERLOOKED);
  return action == <u64>Unmap.Unmap || action == <u64>Unmap.Munlock;
}

function migrate(frame: u32, completion: usize): f64 {
  const result = migratePage(frame);
  const target = <u32>(result >> 32);
  if (target) store<f64>(completion, frameHandle(target, pageGeneration(target)), 8);
  return <f64>(<u32>result);
}

/** page_set_storage_key and its fellows: EINVAL where there are no keys. */
function ofStorageKey(op: Op, frame: u32, key: u64): f64 {
  if (!hasStorageKeys() || key & ~KEY_BITS) return fail(Errno.EINVAL);
  if (op == Op.TestClearReferenced) return pageTestAndClearYoung(frame) ? 1 : 0;
  if (op == Op.TestClearChanged) return pageTestAndClearDirty(frame) ? 1 : 0;
  pageSetStorageKey(frame, <u32>key);
  return 0;
}

/** Of a page alone, or of one in the VMA of a task that holds an address. */
function evictable(frame: u32, task: f64, address: u64): f64 {
  if (!task) return <f64>askEvictable(frame, null);
  const object = objectOf(Cache.Task, task);
  const mm = object ? mmOf(object) : null;
  const vma = mm ? findVma(mm, address) : 0;
  if (!vma || changetype<Vma>(<usize>vma).start > address) return fail(Errno.ESTALE);
  return <f64>askEvictable(frame, changetype<Vma>(<usize>vma));
}

/** Of a page, or of whatever is in the frame of a number. */
function failMemory(record: usize, completion: usize): f64 {
  const handle = handleArg(record, 0);
  const number = arg(record, 1);
  if (!handle && (!number || number > <u64>header().frames)) return fail(Errno.EINVAL);
  const frame = handle ? frameOf(handle) : <u32>number;
  if (!frame) return fail(Errno.ESTALE);
  const result = memoryFailure(frame, arg(record, 2) != 0);
  if (result == NO_MEMORY) return fail(Errno.ENOMEM);
  const sequence = <f64>header().memoryFailures;
  store<f64>(completion, sequence * FAILURE_SEQUENCE_UNIT + <f64>(result >> 32), 8);
  return <f64>(<u32>result);
}

/** Runs one; what it leaves beside its result goes into the completion. */
export function ofPage(op: Op, record: usize, completion: usize): f64 {
  if (op == Op.MemoryFailure) return failMemory(record, completion);
  const frame = frameOf(handleArg(record, 0));
  if (!frame) return fail(Errno.ESTALE);
  switch (op) {
    case Op.PageReferenced: {
      const memcg = handleArg(record, 1);
      if (isStaleMemcg(memcg)) return fail(Errno.ESTALE);
      if (isGoneTask(handleArg(record, 2))) return fail(Errno.ESRCH);
      enterContext(handleArg(record, 2));
      const result = referencedPage(frame, memcgOf(memcg));
      leaveContext();
      store<f64>(completion, <f64>referencedFlags(result), 8);
      return <f64>references(result);
    }
    case Op.TryToUnmap:
      if (!isUnmap(arg(record, 1))) return fail(Errno.EINVAL);
      return <f64>unmapPage(frame, <u32>arg(record, 1));
    case Op.PageMkclean:
      return <f64>cleanPage(frame);
    case Op.MigratePage:
      return migrate(frame, completion);
    case Op.ShrinkPage: {
      if (isGoneTask(handleArg(record, 2))) return fail(Errno.ESRCH);
      enterContext(handleArg(record, 2));
      const fate = reclaimPage(frame, arg(record, 1) != 0);
      leaveContext();
      return <f64>fate;
    }
    case Op.PinPage:
      pinPage(frame);
      return 0;
    case Op.UnpinPage:
      return fail(unpinPage(frame));
    case Op.IsolatePage:
      return isolatePage(frame) ? 1 : 0;
    case Op.PutbackPage:
      return fail(putbackPage(frame));
    case Op.ReleaseBuffers:
      return releaseBuffers(frame) ? 1 : 0;
    case Op.SplitHugePage:
      return splitPage(frame) ? 1 : 0;
    case Op.PoisonPage:
      poisonPage(frame);
      return 0;
    case Op.PageEvictable:
      return evictable(frame, handleArg(record, 1), arg(record, 2));
    case Op.SetStorageKey:
    case Op.TestClearReferenced:
    case Op.TestClearChanged:
      return ofStorageKey(op, frame, arg(record, 1));
    default:
      return fail(Errno.EINVAL);
  }
}
