// Calls with which processes begin, go on as another, wait and end: what Process documents, done.

import { CloneFlag } from "../../assembly/abi/argument.js";
import { Op } from "../../assembly/abi/operation.js";
import { checkOptions, type OptionTypes } from "./argument.js";
import { whyExec } from "./exec-refusal.js";
import { putExec, type ExecOptions } from "./operation.js";
import type { ProcessCall } from "./process-call.js";
import type { Process } from "./process.js";
import { exhausted } from "./reason.js";

/** Options of fork. */
export interface ForkOptions {
  /** The child shares the address space, as a thread or a vfork child does, until it execs or exits. */
  readonly shareMemory?: boolean;
}

const forkOptions: OptionTypes<ForkOptions> = { shareMemory: "flag" };

export function fork(call: ProcessCall, options: ForkOptions): Process {
  checkOptions("fork", options, forkOptions);
  call.put(Op.Fork, call.task, options.shareMemory ? CloneFlag.Vm : 0);
  const child = call.run(
    () => "fork()",
    () => exhausted(call.context),
  );
  return call.context.processOf(child);
}

export function exec(call: ProcessCall, options: ExecOptions): void {
  putExec(call.put, call.task, options);
  call.run(
    () => "exec()",
    (errno) => whyExec(errno, call.context, call.process, options.stack),
  );
}

export function hold(call: ProcessCall): void {
  call.put(Op.HoldFault, call.task);
  call.run(() => "hold()");
}

export function letGo(call: ProcessCall): void {
  call.put(Op.LetGo, call.task);
  call.run(
    () => "letGo()",
    () => "it is not held",
  );
}

export function exit(call: ProcessCall): void {
  call.put(Op.Exit, call.task);
  call.run(() => "exit()");
}
