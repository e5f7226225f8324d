// The walks of a run that somebody wants to see.

import { KernelError } from "../core/kernel-error.js";
import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import { type WalkTrace, walksIn } from "../kernel/walk-trace.js";
import type { Operation } from "./operation.js";
import { pageShown } from "./page-range.js";
import type { ScriptRunner } from "./runner.js";
import { type WalkRecord, recordWalk } from "./walk-record.js";
import { fileInWords } from "./wording.js";

/** Which walks: those of a line, those of the last line that walks, or one for a page once the script is done. */
export type WalkChoice =
  { readonly line: number } | "last" | { readonly process: string; readonly page: number };

/** Collects the walks of a choice while a script runs. */
export class WalkLog {
  readonly #spaces = new Map<number, string>();
  #walks: WalkRecord[] = [];
  #operation: Operation | null = null;
  #complete = true;

  constructor(
    private readonly kernel: Kernel,
    private readonly runner: ScriptRunner,
    private readonly choice: WalkChoice,
  ) {}

  /** What was collected. */
  get walks(): readonly WalkRecord[] {
    return this.#walks;
  }

  /** What they belong to, in words. */
  get title(): string {
    const { choice } = this;
    if (this.#operation !== null) return `line ${this.#operation.line}: ${this.#operation.text}`;
    return choice === "last" || !("page" in choice)
      ? "the script"
      : `${choice.process} ${choice.page} at the end`;
  }

  /** False if more happened than was kept. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Are its walks to be traced? Asked right before it runs: names of processes that it ends are taken down. */
  wants(operation: Operation): boolean {
    const { choice } = this;
    const wanted = choice === "last" || ("line" in choice && choice.line === operation.line);
    if (wanted) this.#nameSpaces();
    return wanted;
  }

  /** Takes what an operation did that was wanted, before anything else happens. */
  take(operation: Operation, events: readonly KernelEvent[], dropped: number): void {
    const traces = walksIn(events);
    if (traces.length === 0 && this.choice === "last") return;
    this.#operation = operation;
    this.#keep(traces, operation.line, dropped);
  }

  /**
   * Walks for the chosen page, if one was chosen.
   * @param most events that are kept
   * @throws KernelError EFAULT when it is not there, ESRCH when its process is not
   */
  finish(most: number): void {
    const { choice, kernel, runner } = this;
    if (choice === "last" || !("page" in choice)) return;
    const process = runner.process(choice.process);
    if (process === undefined) {
      throw new KernelError("ESRCH", `process ${choice.process}`, "it never came to be");
    }
    const page = pageShown(process, choice.page);
    kernel.recordEvents(true, { walks: true, most });
    kernel.rmapWalk(page);
    const traces = walksIn(kernel.takeEvents());
    const dropped = kernel.droppedEvents;
    kernel.recordEvents(false);
    this.#keep(traces, null, dropped);
  }

  #keep(traces: readonly WalkTrace[], line: number | null, dropped: number): void {
    this.#nameSpaces();
    this.#complete = dropped === 0;
    this.#walks = traces.map((trace) =>
      recordWalk(trace, line, {
        process: (mm) => this.#spaces.get(mm) ?? "?",
        file: (inode) => fileInWords(this.kernel.context.fileOfInode(inode)),
      }),
    );
  }

  #nameSpaces(): void {
    for (const { name, process } of this.runner.processes) {
      if (process.alive) this.#spaces.set(process.mm, name);
    }
  }
}
