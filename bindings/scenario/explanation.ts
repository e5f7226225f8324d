// One operation in plain words: what it did, what was split, merged, copied or shared, and why.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import { neighboursInWords } from "./apart.js";
import { devicesInWords } from "./device-words.js";
import { effectInWords } from "./effect.js";
import { noteOn } from "./note.js";
import type { Operation } from "./operation.js";
import { pageEventsInWords } from "./page-events.js";
import { SKIPPED } from "./cast.js";
import { type ScriptRunner, type Step } from "./runner.js";
import { lookBefore, type Scene, writingPages } from "./scene.js";
import { tokenInWords } from "./token-words.js";
import { vmaEventsInWords } from "./vma-events.js";
import type { WalkLog } from "./walk-log.js";
import { counted } from "./wording.js";

/** Events that are kept of one operation: enough for one that locks, or swaps out, a whole arena. */
export const MOST_EVENTS = 2 ** 20;

/** A step, and what is to be said of it. */
export interface ToldStep extends Step {
  /** What a reader of the result asks next, why it failed for example; empty for most steps. */
  readonly note: string;
}

/** How much is told. */
export interface ExplainerOptions {
  /** Hears of every step, in one line: `LINE OPERATION: reasons`. Without it there are only notes. */
  readonly tell?: (words: string) => void;
  /** Gets the walks that it wants to have. */
  readonly walks?: WalkLog;
  /** Events that are kept of one operation. Default 2^20. */
  readonly most?: number;
}

/** Runs a script step by step and says what each step did. The kernel records events for it meanwhile. */
export class Explainer {
  readonly #tell: ((words: string) => void) | undefined;
  readonly #walks: WalkLog | undefined;
  readonly #most: number;
  #ioHeld = false;

  /** @throws KernelError ENOMEM when there is no room for events */
  constructor(
    private readonly kernel: Kernel,
    private readonly runner: ScriptRunner,
    { tell, walks, most = MOST_EVENTS }: ExplainerOptions,
  ) {
    this.#tell = tell;
    this.#walks = walks;
    this.#most = most;
    // Room is made now: once the script has run, memory may be exhausted.
    kernel.recordEvents(true, { most });
  }

  /** As ScriptRunner.step. */
  step(): ToldStep | null {
    const { kernel, runner } = this;
    const { next } = runner;
    const tell = this.#tell;
    const walks = (next && this.#walks?.wants(next)) ?? false;
    // What reclaim left is part of its note, and known from events alone; no other note needs them.
    const wanted = tell !== undefined || walks || next?.op === "reclaim";
    kernel.recordEvents(wanted, { walks, most: this.#most });
    const before = next && lookBefore(kernel, runner, next);
    const step = runner.step();
    if (step === null || before === undefined) return null;
    const events = kernel.takeEvents();
    if (walks) this.#walks?.take(step.operation, events, kernel.droppedEvents);
    const scene: Scene = { kernel, runner, step, before, events };
    const note = noteOn(scene);
    tell?.(`${step.operation.line} ${step.operation.text}: ${this.#reasons(scene, note)}`);
    if (step.operation.op === "io") this.#ioHeld = step.operation.hold;
    return { ...step, note };
  }

  #reasons(scene: Scene, note: string): string {
    const { operation, result, error } = scene.step;
    if (result?.[2] === SKIPPED) return `skipped, ${note}`;
    const told = [
      ...this.#atLeast(eventsInWords(scene)),
      ...tokenInWords(scene),
      ...this.#waitedFor(scene),
      ...devicesInWords(scene),
    ];
    if (error !== null)
      return [note === "" ? error.code : `${error.code}, ${note}`, ...told].join("; ");
    const effect = effectInWords(scene);
    const reasons = [
      ...effect.first,
      ...(note === "" ? [] : [note]),
      ...told,
      ...effect.last,
      ...neighboursInWords(scene.runner, operation),
    ];
    return reasons.length > 0 ? reasons.join("; ") : uneventful(operation);
  }

  /** Of an operation that did more than is kept, counts of events are too small. */
  #atLeast(words: readonly string[]): readonly string[] {
    if (this.kernel.droppedEvents === 0) return words;
    const [first = "", ...rest] = words;
    return [`at least, as only the first ${this.#most} events are kept: ${first}`, ...rest];
  }

  /** Held I/O that came to its end, as the operation would have had to wait for it. */
  #waitedFor({ kernel, step, before, events }: Scene): string[] {
    if (!this.#ioHeld || step.operation.op === "io" || kernel.droppedEvents > 0) return [];
    const begun = events.filter(({ event }) => event === "Written").length;
    const ended = before.writing + begun - writingPages(kernel);
    if (ended <= 0) return [];
    const its = ended === 1 ? "its" : "their";
    return [`held I/O of ${counted(ended, "page")} is over, as ${its} end had to be waited for`];
  }
}

function eventsInWords(scene: Scene): string[] {
  const { operation } = scene.step;
  const groups = new Map<KernelEvent["event"], KernelEvent[]>();
  for (const event of scene.events) {
    const group = groups.get(event.event);
    if (group === undefined) groups.set(event.event, [event]);
    else group.push(event);
  }
  // A split first copies the links, a page is mlocked as it comes, and dirty before its entry is gone: what follows is
  // better told first.
  for (const kind of ["AnonVmaCloned", "Mlocked", "KeyDirty"] as const) {
    const group = groups.get(kind);
    if (group !== undefined && groups.delete(kind)) groups.set(kind, group);
  }
  // The counts that these operations give say it already.
  if (operation.op === "writeback") groups.delete("Written");
  const unmerged = operation.op === "ksm" && !groups.has("KsmMerged");
  const reads = groups.get("SwapRead") ?? [];
  return [
    ...[...groups.values()].flatMap(
      (group) => vmaEventsInWords(scene, group) ?? pageEventsInWords(scene, group, reads) ?? [],
    ),
    ...(unmerged ? ["nothing new to merge"] : []),
  ];
}

/** What is said of an operation that left no trace. */
function uneventful(operation: Operation): string {
  switch (operation.op) {
    case "read":
    case "write":
      return "page present, no fault";
    case "device-write":
      return "through its own table";
    case "notifier":
      return "told of every change from now on";
    case "unregister":
      return "told of nothing more";
    case "file":
    case "spawn":
    case "memcg":
    case "fork":
      return "made";
    case "dump":
      return "dumped";
    case "hold":
      return "inside a fault from now on";
    case "let-go":
      return "its fault is over";
    case "exit":
      return "gone, it had nothing mapped";
    case "munmap":
      return "nothing was mapped there";
    default:
      return "nothing to change";
  }
}
