// Why two VMAs that touch are not one.

import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Vma } from "../kernel/vma.js";

/** The reason when one of them was written to and the other was not. */
export const ONLY_ONE_ANON_VMA = "only one has an anon_vma";

/** The first reason, in the kernel's order, for which v3.7 keeps two touching VMAs apart. */
export function neighbourInWords(before: Vma, after: Vma): string {
  if (before.perms !== after.perms) return `${before.perms} against ${after.perms}`;
  if (before.flags !== after.flags) return "their flags differ";
  if ((before.file === null) !== (after.file === null)) return "only one of them maps a file";
  if (before.file?.inode !== after.file?.inode) return "they map different files";
  const pages = (before.end - before.start) / PAGE_SIZE;
  if (before.pgoff + pages !== after.pgoff) {
    return before.file === null
      ? "page offsets do not continue, one of them was moved"
      : "file offsets do not continue";
  }
  if (before.anonVma !== after.anonVma) {
    return before.anonVma !== 0 && after.anonVma !== 0
      ? "each has its own anon_vma"
      : ONLY_ONE_ANON_VMA;
  }
  return "nothing asked for a merge";
}
