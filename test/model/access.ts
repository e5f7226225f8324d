import type { AddressSpace } from "./address-space.js";
import { fail } from "./failure.js";
import { faultTidily } from "./fault.js";
import { growTo } from "./stack.js";
import type { Vma } from "./vma.js";

export type Access = "read" | "write" | "execute";

/**
 * One access by a process to the first word of a page, with whatever faults it takes.
 * Returns the word that is there afterwards. SIGSEGV, SIGBUS.
 */
export function access(space: AddressSpace, page: number, kind: Access, word = 0): number {
  const vma = space.atOrAbove(page);
  if (vma === undefined) fail("SIGSEGV");
  if (page < vma.start) growTo(vma, page);
  if (!allowed(vma, kind)) fail("SIGSEGV");
  for (;;) {
    const entry = space.entries.get(page);
    if (entry !== undefined && "page" in entry && (kind !== "write" || entry.writable)) {
      const marks = !space.memory.hasStorageKeys;
      entry.young = marks;
      if (kind !== "write") return entry.page?.read() ?? 0;
      if (entry.page === null) throw new Error("the zero page is never written");
      entry.dirty = marks;
      entry.page.write(word);
      return word;
    }
    faultTidily(vma, page, kind === "write");
  }
}

function allowed(vma: Vma, kind: Access): boolean {
  const { read, write, exec } = vma.flags;
  if (kind === "write") return write;
  if (kind === "execute") return exec;
  return read || write || exec;
}
