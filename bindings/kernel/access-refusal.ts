// Why a process could not read, write or fetch.

import { VmFlag } from "../../assembly/abi/flag.js";
import { Errno } from "../../assembly/abi/result.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { hex, type Context } from "./context.js";
import type { Process } from "./process.js";
import { exhaustedIn } from "./reason.js";
import { isAgainst, whyNotGrown } from "./stack-limit.js";
import { pgoffShownAt, type Vma } from "./vma.js";

const STACK_IS_AGAINST = "a stack does not touch what is mapped right below it";

/** Of an access within a file that gets no huge page of the pool: all that may be so, as little tells them apart. */
export function whyNoHugePage({ machine }: Context, process: Process, vma: Vma): string {
  const [broken = 0, free = 0, reserved = 0] = [10, 12, 13].map((which) =>
    machine.core.zoneStat(which),
  );
  const causes = [];
  if (free <= reserved) {
    const promised = free > 0 ? " that nobody was promised" : "";
    causes.push(`no huge page of the pool is free for it${promised}`);
  }
  // Who was promised a page of private memory takes it from all who are not: children, and others with the file.
  const loses = !vma.shared && (process.parent !== null || vma.file?.name !== "");
  if (loses) causes.push("what it had went back to who was promised it");
  if (broken > 0) causes.push("it is poisoned");
  return causes.join(", or ");
}

/** Of a read, write or fetch that a process can't make. */
export function whyAccess(
  errno: Errno,
  context: Context,
  process: Process,
  address: number,
): string {
  if (errno === Errno.ENOMEM) return exhaustedIn(context, process);
  const vma = process.vmaAt(address);
  if (!vma) {
    const named = ({ start }: Vma): string => hex(start);
    return whyNotGrown(context.options, process, address, named) || "nothing is mapped there";
  }
  if (errno === Errno.SIGSEGV) return `the VMA there is ${vma.perms}`;
  const { file } = vma;
  const pgoff = pgoffShownAt(vma, address);
  if (file && pgoff >= file.pages)
    return `page ${pgoff} is beyond the end of its file at ${file.pages}`;
  if (vma.hugetlb) return whyNoHugePage(context, process, vma);
  const first = vma.flags & VmFlag.GrowsDown && address - vma.start < PAGE_SIZE;
  const swapped = first && process.swapped().some((entry) => entry.address === vma.start);
  if (!first || swapped || !isAgainst(process, vma)) return "the page is poisoned";
  // That a page was poisoned leaves nothing that could be asked for here.
  const broken = context.machine.core.zoneStat(10) > 0;
  return broken ? `${STACK_IS_AGAINST}, or the page is poisoned` : STACK_IS_AGAINST;
}
