// Operations on one open file.

import { Invalidate } from "../abi/argument";
import { Op } from "../abi/operation";
import { Errno } from "../abi/result";
import { objectOf } from "../memory/handle";
import { Cache } from "../memory/slab";
import { AddressSpace, File, isHugetlb } from "../struct/address-space";
import { arg, fail, handleArg } from "./argument";
import { fileRead, fileWrite } from "./file-io";
import { hugetlbRead } from "./hugetlb-file";
import { PGOFF_MAX } from "./mmap";
import { invalidateRange, punchHole, truncateFile } from "./truncate";
import { writebackFile } from "./writeback";

/** May [first, first + pages) be a range of a file? */
function isRange(first: u64, pages: u64): bool {
  return first <= PGOFF_MAX && pages <= PGOFF_MAX - first;
}

/** Files of huge pages can be cut and read, and there is nothing to write back. */
function ofHugetlbFile(op: Op, file: File, at: u64): f64 {
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  if (op == Op.Truncate && at <= PGOFF_MAX) return fail(truncateFile(file, at));
  if (op == Op.FileRead && at < PGOFF_MAX) return hugetlbRead(mapping, at);
  return op == Op.Writeback ? 0 : fail(Errno.EINVAL);
}

export function ofFile(op: Op, record: usize): f64 {
  const object = objectOf(Cache.File, handleArg(record, 0));
  if (!object || !changetype<File>(object).held) return fail(Errno.ESTALE);
  const file = changetype<File>(object);
  const at = arg(record, 1);
  const pages = arg(record, 2);
  const mapping = changetype<AddressSpace>(<usize>file.mapping);
  if (isHugetlb(mapping)) return ofHugetlbFile(op, file, at);
  switch (op) {
    case Op.Truncate:
      if (at > PGOFF_MAX) return fail(Errno.EINVAL);
      return fail(truncateFile(file, at));
    case Op.PunchHole:
      return isRange(at, pages) ? fail(punchHole(file, at, pages)) : fail(Errno.EINVAL);
    case Op.FileRead:
      return at < PGOFF_MAX ? fileRead(file, at) : fail(Errno.EINVAL);
    case Op.FileWrite:
      return at < PGOFF_MAX ? fail(fileWrite(file, at, handleArg(record, 2))) : fail(Errno.EINVAL);
    case Op.Writeback:
      return <f64>writebackFile(mapping);
    case Op.Invalidate: {
      const how = arg(record, 3);
      if (!isRange(at, pages) || how > <u64>Invalidate.All) return fail(Errno.EINVAL);
      return <f64>invalidateRange(file, at, pages, <Invalidate>(<i32>how));
    }
    default:
      return fail(Errno.EINVAL);
  }
}
