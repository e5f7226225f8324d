// Operations on the machine as a whole.

import { Reclaim } from "../abi/argument";
import { Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { MAX_SWAP_AREAS } from "../abi/unit";
import { takeChanged, takeReferenced } from "../arch/key-marks";
import { hasStorageKeys } from "../arch/storage-key";
import { header } from "../memory/header";
import {
  arg,
  enterContext,
  fail,
  handleArg,
  isGoneTask,
  isStaleMemcg,
  leaveContext,
  memcgOf,
} from "./argument";
import { khugepagedScan } from "./collapse";
import { ofMemcg } from "./dispatch-memcg";
import { setHugePages } from "./hugetlb-pool";
import { ksmScan } from "./ksm-scan";
import { ksmUnmerge } from "./ksm-unmerge";
import { swapOff } from "./swapoff";
import { swapOn } from "./swapon";
import { reclaimPages } from "./vmscan";
import { releaseIo } from "./writeback";

const MAX_COUNT: u64 = 0x7fffffff;
const MAX_PRIORITY: u64 = 32768;

function reclaim(record: usize): f64 {
  const memcg = handleArg(record, 0);
  const pages = arg(record, 1);
  const kind = arg(record, 2);
  const task = handleArg(record, 3);
  if (isStaleMemcg(memcg)) return fail(Errno.ESTALE);
  if (isGoneTask(task)) return fail(Errno.ESRCH);
  if (pages > MAX_COUNT || kind > <u64>Reclaim.Background) return fail(Errno.EINVAL);
  enterContext(task);
  const reclaimed = reclaimPages(memcgOf(memcg), <u32>pages, <Reclaim>(<i32>kind));
  leaveContext();
  return <f64>reclaimed;
}

/** Marks of many storage keys at once: EINVAL where there are no keys. */
function takeMarks(op: Op, first: u64, n: u64): f64 {
  const frames = <u64>header().frames;
  if (!hasStorageKeys() || !first || first > frames || n > frames + 1 - first) {
    return fail(Errno.EINVAL);
  }
  const taken =
    op == Op.TakeReferenced ? takeReferenced(<u32>first, <u32>n) : takeChanged(<u32>first, <u32>n);
  return taken < 0 ? fail(Errno.ENOMEM) : taken;
}

export function ofMachine(op: Op, record: usize): f64 {
  if (op >= Op.LimitMemcg && op <= Op.MakeMemcg) return ofMemcg(op, record);
  switch (op) {
    case Op.KsmScan:
      return <f64>ksmScan();
    case Op.KsmUnmerge:
      return <f64>ksmUnmerge();
    case Op.Reclaim:
      return reclaim(record);
    case Op.SwapOn: {
      const room = MAX_COUNT - <u64>header().swapLimit;
      if (!arg(record, 0) || arg(record, 0) > room || arg(record, 1) > MAX_PRIORITY) {
        return fail(Errno.EINVAL);
      }
      return <f64>swapOn(<u32>arg(record, 0), <i32>arg(record, 1) - 1);
    }
    case Op.SwapOff:
      if (arg(record, 0) >= <u64>MAX_SWAP_AREAS) return fail(Errno.EINVAL);
      return fail(swapOff(<u32>arg(record, 0)));
    case Op.HoldIo:
      if (arg(record, 0)) header().ioHeld = 1;
      else releaseIo();
      return 0;
    case Op.TakeReferenced:
    case Op.TakeChanged:
      return takeMarks(op, arg(record, 0), arg(record, 1));
    case Op.KhugepagedScan:
      // It would wait for mmap_sem.
      if (header().tasksHeld && header().actor == 0) return fail(Errno.EBUSY);
      return <f64>khugepagedScan();
    case Op.SetHugePages:
      return <f64>setHugePages(<u32>min(arg(record, 0), MAX_COUNT));
    default:
      return fail(Errno.EINVAL);
  }
}
