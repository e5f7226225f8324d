// Calls that lock and unlock what a process has mapped: what Process documents, done.

import { LockAll } from "../../assembly/abi/argument.js";
import { TaskField } from "../../assembly/abi/field.js";
import { Op } from "../../assembly/abi/operation.js";
import { KernelError } from "../core/kernel-error.js";
import { checkOptions, integer, type OptionTypes } from "./argument.js";
import { hex } from "./context.js";
import { whyMlock, whyMlockall, whyMunlock } from "./mlock-refusal.js";
import type { ProcessCall } from "./process-call.js";

/** Options of mlockall: one of them at least. */
export interface LockAllOptions {
  /** What is mapped. */
  readonly current?: boolean;
  /** What will be mapped. */
  readonly future?: boolean;
}

const lockAllOptions: OptionTypes<LockAllOptions> = { current: "flag", future: "flag" };

export function mlock(call: ProcessCall, address: number, length: number): void {
  const { context, process } = call;
  integer("mlock", "address", address);
  integer("mlock", "length", length);
  const locked = context.machine.core.taskField(call.task, TaskField.LockedVm);
  call.put(Op.Mlock, call.task, address, length);
  call.run(
    () => `mlock(${hex(address)}, ${length})`,
    (errno) => whyMlock(errno, context, process, address, length, locked),
  );
}

export function munlock(call: ProcessCall, address: number, length: number): void {
  integer("munlock", "address", address);
  integer("munlock", "length", length);
  call.put(Op.Munlock, call.task, address, length);
  call.run(
    () => `munlock(${hex(address)}, ${length})`,
    () => whyMunlock(call.context, call.process, address, length),
  );
}

export function mlockall(call: ProcessCall, options: LockAllOptions): void {
  checkOptions("mlockall", options, lockAllOptions);
  const how = (options.current ? LockAll.Current : 0) | (options.future ? LockAll.Future : 0);
  if (!how) {
    throw new KernelError("EINVAL", "mlockall", "neither current nor future is true");
  }
  call.put(Op.Mlockall, call.task, how);
  call.run(
    () => "mlockall()",
    (errno) => whyMlockall(errno, call.context),
  );
}

export function munlockall(call: ProcessCall): void {
  call.put(Op.Mlockall, call.task, 0);
  call.run(() => "munlockall()");
}
