// Whose context something is done in: that of a process, or of none.

import { Errno } from "../../assembly/abi/result.js";
import type { Context } from "./context.js";
import { Process } from "./process.js";

/** The handle of the process in whose context something is done; 0: of none. @throws KernelError EINVAL, ESTALE */
export function contextOf(context: Context, process: Process | undefined, call: string): number {
  return process === undefined ? 0 : Process.handleOf(context, process, call, "process");
}

/** Why something was not done in a process's context; "" if that is not why. */
export function whyNoContext(result: number): string {
  return result === -Errno.ESRCH ? "the process that it is done by has exited" : "";
}
