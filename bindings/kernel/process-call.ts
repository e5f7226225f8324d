import { Errno } from "../../assembly/abi/result.js";
import type { KernelError } from "../core/kernel-error.js";
import { failed, type Context } from "./context.js";
import type { Put } from "./operation.js";
import type { Process } from "./process.js";
import { whyHeld } from "./reason.js";

/** How a process does one thing at a time: it is put in record 0 of the submission buffer, and run. */
export class ProcessCall {
  readonly put: Put;

  constructor(
    readonly context: Context,
    readonly process: Process,
  ) {
    const { machine } = context;
    this.put = (op, a, b, c, d, e, f, g) => machine.put(0, op, a, b, c, d, e, f, g);
  }

  /** The process, for the core. @throws KernelError ESTALE */
  get task(): number {
    return this.process.handle;
  }

  /**
   * Runs what was put.
   *
   * @param operation what messages call it, and `why` what its errors mean here
   * @returns the operation's value
   * @throws KernelError
   */
  run(operation: () => string, why?: (errno: Errno) => string): number {
    const { machine } = this.context;
    machine.submit(0, 1);
    const result = machine.result(0);
    if (result < 0) throw this.failed(result, operation(), why);
    return result;
  }

  /** The error that a negative result means. */
  failed(result: number, operation: string, why?: (errno: Errno) => string): KernelError {
    const { process } = this;
    const held = result === -Errno.EBUSY ? whyHeld(process) : "";
    const detail = result === -Errno.ESRCH ? "it has exited" : held || (why?.(-result) ?? "");
    return failed(result, `${operation} in process ${process.name}`, detail);
  }
}
