// What became of the swap token inside an operation, in words.

import type { KernelEvent } from "../kernel/kernel-event.js";
import { shortened } from "./page-events.js";
import type { Scene } from "./scene.js";

/** The process of an address space; the operation's, if that has ended by now. */
function nameOf({ runner, step }: Scene, mm: number): string {
  const found = runner.processes.find(({ process }) => process.alive && process.mm === mm);
  if (found !== undefined) return found.name;
  return "process" in step.operation ? step.operation.process : "a process that is gone";
}

function told(scene: Scene, { event, a, b, c }: KernelEvent): string | null {
  switch (event) {
    case "SwapTokenPriority":
      return `priority for the swap token of ${nameOf(scene, a)} ${b} to ${c}`;
    case "SwapTokenTaken": {
      const from = b === 0 ? "" : ` from ${nameOf(scene, b)}`;
      return `${nameOf(scene, a)} takes the swap token${from}, its priority is ${c}`;
    }
    case "SwapTokenPut":
      return `${nameOf(scene, a)} gives up the swap token`;
    case "SwapTokenDisabled":
      return `reclaim takes the swap token from ${nameOf(scene, a)}`;
    default:
      return null;
  }
}

/** "A takes the swap token, its priority is 2". */
export function tokenInWords(scene: Scene): string[] {
  return shortened(scene.events.flatMap((event) => told(scene, event) ?? []));
}

/** Why a process, or a thread beside it, could do nothing; null if that is not why. */
export function heldInWords({ runner, step }: Scene, code: string): string | null {
  const { operation } = step;
  if (code !== "EBUSY" || !("process" in operation) || operation.op === "poison") return null;
  if (runner.process(operation.process)?.held !== true) return null;
  const { process } = operation;
  return `${process} is held inside a fault, until let-go ${process}`;
}
