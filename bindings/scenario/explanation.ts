// One operation in plain words: what it did, what was split, merged, copied or shared, and why.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import { neighboursInWords } from "./apart.js";
import { type Before, effectInWords, lookBefore } from "./effect.js";
import { noteOn } from "./note.js";
import type { Operation } from "./operation.js";
import { pageEventsInWords } from "./page-events.js";
import { freedOnTheWay, leftByReclaim } from "./reclaim-words.js";
import { type ScriptRunner, SKIPPED, type Step } from "./runner.js";
import { vmaEventsInWords } from "./vma-events.js";

/** Runs a script step by step and says what each step did. While it does, the kernel records events. */
export class Explainer {
  /** @param tell hears of every step, in one line: `LINE OPERATION: reasons` */
  constructor(
    private readonly kernel: Kernel,
    private readonly runner: ScriptRunner,
    private readonly tell: (words: string) => void,
  ) {
    kernel.recordEvents(true);
  }

  /** As ScriptRunner.step. */
  step(): Step | null {
    const { kernel, runner } = this;
    const before = runner.next && lookBefore(kernel, runner, runner.next);
    const step = runner.step();
    if (step === null || before === undefined) return null;
    const events = kernel.takeEvents();
    const reasons = reasonsOf(kernel, runner, step, before, events);
    const more = kernel.droppedEvents;
    if (more > 0) reasons.push(`and ${more} events more`);
    const { line, text } = step.operation;
    this.tell(`${line} ${text}: ${reasons.join("; ")}`);
    return step;
  }
}

function reasonsOf(
  kernel: Kernel,
  runner: ScriptRunner,
  step: Step,
  before: Before,
  events: readonly KernelEvent[],
): string[] {
  const { operation, result, error } = step;
  const note = noteOn(kernel, runner, step);
  if (result?.[2] === SKIPPED) return [`skipped, ${note}`];
  const told = eventsInWords(kernel, operation, events);
  if (error !== null) return [note === "" ? error.code : `${error.code}, ${note}`, ...told];
  const effect = effectInWords(kernel, runner, step, before);
  const reasons = [
    ...effect.first,
    ...(note === "" ? [] : [note]),
    ...told,
    ...effect.last,
    ...neighboursInWords(runner, operation),
  ];
  return reasons.length > 0 ? reasons : [uneventful(operation)];
}

function eventsInWords(
  kernel: Kernel,
  operation: Operation,
  events: readonly KernelEvent[],
): string[] {
  const groups = new Map<KernelEvent["event"], KernelEvent[]>();
  for (const event of events) {
    const group = groups.get(event.event);
    if (group === undefined) groups.set(event.event, [event]);
    else group.push(event);
  }
  // A split first copies the links, and a page is mlocked as it comes: what follows is better told first.
  for (const kind of ["AnonVmaCloned", "Mlocked"] as const) {
    const group = groups.get(kind);
    if (group !== undefined && groups.delete(kind)) groups.set(kind, group);
  }
  // The counts that these operations give say it already.
  if (operation.op === "writeback") groups.delete("Written");
  const unmerged = operation.op === "ksm" && !groups.has("KsmMerged");
  const reads = groups.get("SwapRead") ?? [];
  const looked = groups.get("Reclaimed") ?? [];
  return [
    ...[...groups.values()].flatMap(
      (group) =>
        vmaEventsInWords(operation, group) ??
        pageEventsInWords(kernel, operation, group, reads) ??
        [],
    ),
    ...reclaimInWords(kernel, operation, looked),
    ...(unmerged ? ["nothing new to merge"] : []),
  ];
}

function reclaimInWords(
  kernel: Kernel,
  operation: Operation,
  looked: readonly KernelEvent[],
): string[] {
  // What swap-out had to leave, its step says.
  if (operation.op === "swap-out") return [];
  if (operation.op !== "reclaim") return freedOnTheWay(looked);
  return looked.length === 0 ? ["there was none to look at"] : leftByReclaim(kernel, looked);
}

/** What is said of an operation that left no trace. */
function uneventful(operation: Operation): string {
  switch (operation.op) {
    case "read":
    case "write":
      return "page present, no fault";
    case "file":
    case "spawn":
    case "fork":
      return "made";
    case "dump":
      return "dumped";
    case "exit":
      return "gone, it had nothing mapped";
    case "munmap":
      return "nothing was mapped there";
    default:
      return "nothing to change";
  }
}
