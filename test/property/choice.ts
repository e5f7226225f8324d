import fc from "fast-check";
import type { Entry } from "../model/address-space.js";
import type { Advice } from "../model/change-call.js";
import type { Vma } from "../model/vma.js";
import { Draws } from "./draws.js";
import { MappingChoice } from "./mapping-choice.js";
import type { ModelSide } from "./model-side.js";
import { ARENA_PAGE, PAGE, type Operation } from "./operation.js";

/** What fast-check draws and shrinks: the kind of operation, and numbers that its values are made from. */
export interface Choice {
  readonly kind: Operation["op"];
  readonly numbers: readonly number[];
}

/** How often each operation comes, out of the sum. */
const WEIGHTS: Readonly<Record<Operation["op"], number>> = {
  write: 24,
  read: 9,
  execute: 1,
  mmap: 14,
  munmap: 5,
  mprotect: 15,
  mremap: 12,
  madvise: 5,
  brk: 2,
  fork: 3,
  exit: 2,
  exec: 1,
  spawn: 1,
  file: 1,
  open: 1,
  truncate: 1,
  "page-referenced": 4,
  "try-to-unmap": 4,
  "page-mkclean": 2,
};

const NUMBERS = 12;
const PROCESSES_AT_ONCE = 9;
/** With fewer VMAs than this nearly everything fails. */
const FEW_VMAS = 3;
const ADVICE: readonly Exclude<Advice, "mergeable" | "unmergeable">[] = [
  "dontneed",
  "dontneed",
  "normal",
  "normal",
  "sequential",
  "random",
  "dontfork",
  "dofork",
  "dofork",
  "willneed",
];

/** Draws of a sequence of operations; everything shrinks to fewer and simpler ones. */
export function choices(maxLength: number): fc.Arbitrary<Choice[]> {
  const kind = fc.oneof(
    ...Object.entries(WEIGHTS).map(([op, weight]) => ({
      weight,
      arbitrary: fc.constant(op as Operation["op"]),
    })),
  );
  const numbers = fc.noShrink(
    fc.array(fc.noBias(fc.nat(0xffff)), { minLength: NUMBERS, maxLength: NUMBERS }),
  );
  return fc.array(fc.record({ kind, numbers }), { maxLength, size: "max" });
}

interface Place {
  readonly process: number;
  readonly address: number;
}

type OnSpace = Exclude<
  Operation["op"],
  "spawn" | "file" | "open" | "truncate" | "fork" | "exec" | "exit"
>;

/** Makes operations out of draws, looking at the model's state. */
export class Chooser {
  private draws = new Draws([0]);
  private words = 0;
  private lastReferenced: Place | null = null;

  constructor(
    private readonly model: ModelSide,
    /** Size of the arena in pages. */
    private readonly span: number,
  ) {}

  /** The operation, or null where there is nothing to do it on. */
  operation(choice: Choice): Operation | null {
    this.draws = new Draws(choice.numbers);
    const live = this.model.processes.flatMap((process, number) => (process.alive ? [number] : []));
    if (live.length === 0) return { op: "spawn" };
    const process = this.draws.pick(live);
    switch (choice.kind) {
      case "spawn":
        return live.length < PROCESSES_AT_ONCE ? { op: "spawn" } : null;
      case "file":
        return this.file();
      case "open":
      case "truncate": {
        if (this.model.files.length === 0) return this.file();
        const file = this.draws.below(this.model.files.length);
        if (choice.kind === "open") return { op: "open", file };
        return { op: "truncate", file, pages: this.draws.below(40) };
      }
      case "fork": {
        if (live.length >= PROCESSES_AT_ONCE) return null;
        return { op: "fork", process, shareMemory: this.draws.chance(1, 8) };
      }
      case "exec": {
        if (live.length < 3) return null;
        const brk = (ARENA_PAGE + this.draws.below(this.span)) * PAGE;
        return { op: "exec", process, brk };
      }
      case "exit":
        return live.length > 1 || this.draws.chance(1, 8) ? { op: "exit", process } : null;
      default: {
        const vmas = this.model.processes[process]?.space.vmas ?? [];
        const beginning = vmas.length < FEW_VMAS && this.draws.chance(3, 4);
        return this.onSpace(beginning ? "mmap" : choice.kind, process, vmas);
      }
    }
  }

  private onSpace(op: OnSpace, process: number, vmas: readonly Vma[]): Operation {
    const choose = new MappingChoice(this.draws, this.model, vmas, this.span);
    switch (op) {
      case "mmap":
        return choose.mmap(process);
      case "mremap":
        return choose.mremap(process);
      case "brk":
        return { op, process, address: this.breakOf(process) };
      case "write":
        return { op, process, address: choose.written(), word: ++this.words };
      case "read":
      case "execute":
        return { op, process, address: choose.touched() };
      case "page-referenced":
        this.lastReferenced = { process, address: this.present(process, choose) };
        return { op, ...this.lastReferenced };
      case "try-to-unmap":
        // A page whose marks were just cleared can be unmapped.
        return this.lastReferenced !== null && this.stillThere(this.lastReferenced)
          ? { op, ...this.lastReferenced }
          : { op, process, address: this.present(process, choose) };
      case "page-mkclean":
        return { op, process, address: this.present(process, choose) };
      case "mprotect": {
        const { start, pages, prot } = choose.protection();
        return { op, process, address: choose.address(start), length: choose.bytes(pages), prot };
      }
      case "munmap":
      case "madvise": {
        const range = choose.range();
        const [address, length] = [choose.address(range.start), choose.bytes(range.pages)];
        if (op === "munmap") return { op, process, address, length };
        return { op, process, address, length, advice: this.draws.pick(ADVICE) };
      }
    }
  }

  /** An address where a page is, if there is any. */
  private present(process: number, choose: MappingChoice): number {
    const entries = this.model.processes[process]?.space.entries ?? new Map<number, Entry>();
    const pages = [...entries].filter(([, entry]) => "page" in entry && entry.page !== null);
    const page = pages[this.draws.below(pages.length)]?.[0];
    return page === undefined ? choose.touched() : page * PAGE;
  }

  private stillThere({ process, address }: Place): boolean {
    const found = this.model.processes[process];
    return found?.alive === true && found.pageAt(address) !== null && !this.draws.chance(1, 4);
  }

  private breakOf(process: number): number {
    const space = this.model.processes[process]?.space;
    if (space === undefined || this.draws.chance(1, 8)) return 0;
    return space.brkStart + this.draws.below(12) * PAGE + (this.draws.chance(1, 4) ? 100 : 0);
  }

  private file(): Operation {
    const kind = this.draws.pick(["disk", "tmpfs"] as const);
    return { op: "file", pages: this.draws.pick([4, 16, 32, 64]), kind };
  }
}
