// Operations on memcgs.

import { Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { header } from "../memory/header";
import { memcgAt, NO_LIMIT } from "../struct/memcg";
import { arg, created, fail, handleArg, isStaleMemcg, memcgOf } from "./argument";
import { memcgCreate, memcgForceEmpty, memcgRemove } from "./memcg-group";
import { memcgSetHierarchy, memcgSetLimit } from "./memcg-limit";

/** What was counted begins anew (memory.max_usage_in_bytes and memory.failcnt, written to). */
function reset(memcg: u32, which: u64): void {
  const counter = memcgAt(memcg);
  if (which) counter.failcnt = 0;
  else counter.maxUsage = counter.usage;
}

export function ofMemcg(op: Op, record: usize): f64 {
  const handle = handleArg(record, 0);
  const value = arg(record, 1);
  if (isStaleMemcg(handle)) return fail(Errno.ESTALE);
  const memcg = handle ? memcgOf(handle) : header().rootMemcg;
  switch (op) {
    case Op.LimitMemcg:
      if (value > <u64>NO_LIMIT) return fail(Errno.EINVAL);
      return fail(memcgSetLimit(memcg, value ? <u32>(value - 1) : NO_LIMIT));
    case Op.RemoveMemcg:
      return fail(memcgRemove(memcg));
    case Op.EmptyMemcg:
      return fail(memcgForceEmpty(memcg));
    case Op.ResetMemcg:
      reset(memcg, value);
      return 0;
    case Op.SetMemcgHierarchy:
      return fail(memcgSetHierarchy(memcg, value != 0));
    default:
      return created(<usize>memcgCreate(memcg));
  }
}
