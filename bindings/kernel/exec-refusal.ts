// Why exec failed.

import { Errno } from "../../assembly/abi/result.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { whyFull } from "./cgroup-refusal.js";
import { hex, type Context } from "./context.js";
import type { StackOptions } from "./operation.js";
import type { Process } from "./process.js";
import { exhausted, TASK_SIZE } from "./reason.js";
import { tooManyArguments } from "./stack-limit.js";
import { readVmStat } from "./vm-statistics.js";

export function whyExec(
  errno: Errno,
  context: Context,
  process: Process,
  stack?: StackOptions,
): string {
  if (errno === Errno.EINVAL) {
    const accepted = `multiples of ${PAGE_SIZE} up to ${hex(TASK_SIZE)}, with room for the pages below`;
    return `stack.top is ${hex(stack?.top ?? 0)}, accepted: ${accepted}`;
  }
  const pages = stack?.pages ?? 0;
  if (errno !== Errno.E2BIG) {
    const free = readVmStat(context.machine.core).nr_free_pages;
    if (pages > free) return `it needs ${pages} frames for arguments, and ${free} are free`;
    return (pages && whyFull(process.memoryCgroup, pages)) || exhausted(context);
  }
  return tooManyArguments(pages, context.options);
}
