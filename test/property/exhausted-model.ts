import { coreState } from "./core-state.js";
import type { CoreSide } from "./core-side.js";
import { ModelSide } from "./model-side.js";
import { PAGE, type Operation, type Outcome } from "./operation.js";

/** What keeps, when memory runs out, what it did before: for these a part of the work is what Linux leaves too. */
const KEEP_A_PART: readonly Operation["op"][] = [
  "madvise",
  "mlock",
  "mprotect",
  "munlock",
  "munmap",
];

/**
 * A model that has frames enough, beside a core that has not: it leaves out what the core has no memory for, and so goes
 * on showing roughly what there is to work on. What it demands is of the core alone: what fails with ENOMEM changes
 * nothing.
 */
export class ExhaustedModel extends ModelSide {
  private over = false;

  constructor(
    private readonly core: CoreSide,
    swap: number,
    /** Hears what ran out of memory. */
    private readonly ranOut: (operation: Operation) => void,
  ) {
    super({ swap, arch: core.kernel.options.arch });
  }

  override perform(operation: Operation): Outcome {
    // What a limit refuses has cost pages of its cgroup: that is none of what memory is short of.
    if (this.over || operation.op === "limit") return 0;
    const before = coreState(this.core);
    const snapshot = this.core.kernel.snapshot();
    const outcome = this.core.perform(operation);
    if (outcome === "ENOMEM") {
      this.ranOut(operation);
      // What is left then shares a page with nobody that KSM knows, and verify() takes that for a fault.
      this.over = operation.op === "ksm-unmerge";
      if (this.over) return outcome;
      this.demandUnchanged(operation, before, () => {
        this.core.kernel.restore(snapshot);
      });
      return outcome;
    }
    const expected = super.perform(operation);
    // Somebody came to be, or went, on one side only: there is nothing to choose from any more.
    this.over = typeof expected !== typeof outcome && !this.sameCast();
    return outcome;
  }

  private sameCast(): boolean {
    const { processes, files, cgroups } = this.core;
    return (
      cgroups.length === this.machine.memory.cgroups.all.length &&
      files.length === this.files.length &&
      processes.length === this.processes.length &&
      processes.every(({ alive }, number) => alive === this.processes[number]?.alive)
    );
  }

  /** The page has come back from swap, as for a reader, and only its copy found no frame. */
  private cameBack(
    { process, address }: Extract<Operation, { readonly op: "write" }>,
    after: readonly string[],
  ): boolean {
    const page = address - (address % PAGE);
    const inSwap = this.core
      .process(process)
      .swapped()
      .some((entry) => entry.address === page);
    if (!inSwap) return false;
    this.core.perform({ op: "read", process, address });
    // The reader has touched the page, which an s390x keeps in the page's key.
    const untouched = (lines: readonly string[]): string[] =>
      lines.map((line) => line.replace("touched,", ""));
    return firstChange(untouched(coreState(this.core)), untouched(after)) === null;
  }

  /** For a device a page comes back as for a writer, and only its copy found no frame. */
  private wasInSwap({ address }: Extract<Operation, { readonly op: "device-write" }>): boolean {
    const page = address - (address % PAGE);
    // Whoever registered the device may have left the address space to others.
    return this.core.processes.some(
      (process) => process.alive && process.swapped().some((entry) => entry.address === page),
    );
  }

  private demandUnchanged(
    operation: Operation,
    before: readonly string[],
    restore: () => void,
  ): void {
    const { kernel } = this.core;
    const violations = kernel.verify();
    if (violations.length > 0) throw new Error(violations.map(({ message }) => message).join("\n"));
    if (keepsPart(operation)) return;
    const after = coreState(this.core);
    const change = firstChange(before, after);
    if (change === null) return;
    restore();
    if (operation.op === "write" && this.cameBack(operation, after)) return;
    if (operation.op === "device-write" && this.wasInSwap(operation)) return;
    throw new Error(`${operation.op} gave ENOMEM and changed the machine: ${change}`);
  }
}

/** Also what has unmapped its target before it failed. */
function keepsPart(operation: Operation): boolean {
  if (operation.op === "mmap") return operation.fixed === true;
  if (operation.op === "mremap") return operation.to !== null;
  return KEEP_A_PART.includes(operation.op);
}

/** A page may have been charged and given back: what was charged in advance, and events, are none of the state. */
function withoutCharging(line: string): string {
  return line.startsWith("cgroup ")
    ? line.replace(/usage .* failed \d+|pgpgin \d+ pgpgout \d+/g, "")
    : line;
}

function firstChange(linesBefore: readonly string[], linesAfter: readonly string[]): string | null {
  const [before, after] = [linesBefore, linesAfter].map((lines) => lines.map(withoutCharging)) as [
    string[],
    string[],
  ];
  const line = Array.from({ length: Math.max(before.length, after.length) }).findIndex(
    (_, index) => before[index] !== after[index],
  );
  if (line < 0) return null;
  return `${before[line] ?? "nothing more"} became ${after[line] ?? "nothing more"}`;
}
