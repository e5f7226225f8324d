import type { Advice } from "../model/change-call.js";
import type { DeviceKind } from "../model/device.js";
import type { Vma } from "../model/vma.js";
import { Draws } from "./draws.js";
import { anyCgroup, onCgroup } from "./cgroup-choice.js";
import { newFile, onFile } from "./file-choice.js";
import { onMachine } from "./machine-choice.js";
import { isLarge, MappingChoice } from "./mapping-choice.js";
import type { ModelSide } from "./model-side.js";
import {
  ARENA_PAGE,
  PAGE,
  type CgroupOperation,
  type DeviceOperation,
  type FileOperation,
  type MachineOperation,
  type Operation,
} from "./operation.js";
import { PageChoice } from "./page-choice.js";
import type { Choice } from "./weights.js";

const PROCESSES_AT_ONCE = 9;
/** With fewer VMAs than this nearly everything fails. */
const FEW_VMAS = 3;
/** Words that are written again and again, so that pages are equal. */
const COMMON_WORDS = 3;
/** Those of the end are too many. */
const ARGUMENT_PAGES = [1, 1, 2, 3, 5, 8, 40, 600];
const ADVICE: readonly Advice[] = [
  "mergeable",
  "mergeable",
  "mergeable",
  "mergeable",
  "mergeable",
  "mergeable",
  "unmergeable",
  "unmergeable",
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
  "hugepage",
  "nohugepage",
];
/** Where huge pages fit. */
const ADVICE_ON_MUCH: readonly Advice[] = [
  "hugepage",
  "hugepage",
  "hugepage",
  "hugepage",
  "hugepage",
  "hugepage",
  "nohugepage",
  "dontneed",
  "mergeable",
  "sequential",
  "dontfork",
  "normal",
];

type OnSpace = Exclude<
  Operation["op"],
  | FileOperation["op"]
  | MachineOperation["op"]
  | "spawn"
  | "file"
  | "open"
  | "close"
  | CgroupOperation["op"]
  | "move"
  | "fork"
  | "exec"
  | "exit"
  | "hold"
  | "let-go"
  | "device"
  | DeviceOperation["op"]
>;

/** Makes operations out of draws, looking at the model's state. */
export class Chooser {
  private draws = new Draws([0]);
  private words = COMMON_WORDS;
  private readonly pages: PageChoice;

  constructor(
    private readonly model: ModelSide,
    /** Size of the arena in pages. */
    private readonly span: number,
  ) {
    this.pages = new PageChoice(model);
  }

  /** The operation, or null where there is nothing to do it on. */
  operation({ kind, numbers }: Choice): Operation | null {
    this.draws = new Draws(numbers);
    const live = this.model.processes.flatMap((process, number) => (process.alive ? [number] : []));
    if (live.length === 0) return { op: "spawn", cgroup: 0 };
    // The older ones more often, so that something gathers in them.
    const process =
      live[Math.min(this.draws.below(live.length), this.draws.below(live.length))] ?? 0;
    switch (kind) {
      case "spawn":
        return live.length < PROCESSES_AT_ONCE
          ? { op: "spawn", cgroup: anyCgroup(this.draws, this.model.machine) }
          : null;
      case "cgroup":
      case "limit":
      case "hierarchy":
      case "recount":
      case "empty":
      case "rmdir":
        return onCgroup(kind, this.draws, this.model.machine, isLarge(this.span));
      case "move":
        return { op: "move", process, cgroup: anyCgroup(this.draws, this.model.machine) };
      case "fork": {
        if (live.length >= PROCESSES_AT_ONCE) return null;
        return { op: "fork", process, shareMemory: this.draws.chance(1, 8) };
      }
      case "exec": {
        if (live.length < 3) return null;
        const brk = (ARENA_PAGE + this.draws.below(this.span)) * PAGE;
        const top = (ARENA_PAGE + 40 + this.draws.below(this.span)) * PAGE;
        const pages = this.draws.pick(ARGUMENT_PAGES);
        return { op: "exec", process, brk, stack: this.draws.chance(2, 3) ? { top, pages } : null };
      }
      case "exit":
        return live.length > 1 || this.draws.chance(1, 8) ? { op: "exit", process } : null;
      case "hold":
        // Of those few, so that the others get on.
        if (!this.model.machine.memory.token.exists || live.length < 3) return null;
        return { op: kind, process: this.holderOr(process) };
      case "let-go": {
        if (!this.model.machine.memory.token.exists) return null;
        const held = live.filter((number) => this.model.processes[number]?.isHeld === true);
        return { op: kind, process: held.length > 0 ? this.draws.pick(held) : process };
      }
      case "file":
        return newFile(this.draws);
      case "open":
      case "close":
      case "truncate":
      case "file-read":
      case "file-write":
      case "writeback":
      case "punch":
      case "invalidate": {
        const held = this.model.files.flatMap(({ isHeld }, number) => (isHeld ? [number] : []));
        if (held.length === 0) return newFile(this.draws);
        const file = this.draws.chance(1, 40)
          ? this.draws.below(this.model.files.length)
          : this.draws.pick(held);
        if (kind === "open" || kind === "close") return { op: kind, file };
        return onFile(kind, file, this.draws, () => this.word());
      }
      case "ksm":
      case "khugepaged":
      case "ksm-scan":
      case "ksm-unmerge":
      case "reclaim":
      case "io":
      case "swapon":
      case "swapoff":
      case "snapshot":
      case "restore":
        if (kind === "restore" && !this.model.hasSnapshot) return null;
        return onMachine(kind, this.draws, this.model.machine);
      case "take-referenced":
        return this.asksKeys() ? { op: kind } : null;
      case "test-clear-referenced":
      case "test-clear-changed": {
        const vmas = this.model.processes[process]?.space.vmas ?? [];
        return this.asksKeys() ? this.onSpace(kind, process, vmas) : null;
      }
      case "device":
        return { op: kind, process, kind: this.deviceKind() };
      case "device-read":
      case "device-write":
      case "device-detach":
        return this.onDevice(kind);
      default: {
        const vmas = this.model.processes[process]?.space.vmas ?? [];
        const beginning = vmas.length < FEW_VMAS && this.draws.chance(3, 4);
        return this.onSpace(beginning ? "mmap" : kind, process, vmas);
      }
    }
  }

  /** Mostly who has the swap token, if somebody has. */
  private holderOr(process: number): number {
    const { holder } = this.model.machine.memory.token;
    const number = this.model.processes.findIndex((it) => it.alive && it.space === holder);
    return number >= 0 && this.draws.chance(3, 4) ? number : process;
  }

  /** Machines without storage keys refuse to tell of them, which need not be heard often. */
  private asksKeys(): boolean {
    return this.model.machine.memory.hasStorageKeys || this.draws.chance(1, 20);
  }

  private onSpace(op: OnSpace, process: number, vmas: readonly Vma[]): Operation | null {
    const choose = new MappingChoice(this.draws, this.model, vmas, this.span);
    if (choose.lacksRoom && this.draws.chance(1, 3)) return choose.roomyMmap(process);
    switch (op) {
      case "mmap":
        return choose.mmap(process);
      case "mremap":
        return choose.mremap(process);
      case "remap":
        return choose.remap(process);
      case "brk":
        return { op, process, address: this.breakOf(process) };
      case "write":
        return { op, process, address: choose.written(), word: this.word() };
      case "collapse":
        return { op, process, address: choose.collapsible() };
      case "read":
      case "execute":
        return { op, process, address: choose.touched() };
      case "mprotect": {
        const { start, pages, prot } = choose.protection();
        return { op, process, address: choose.address(start), length: choose.bytes(pages), prot };
      }
      case "mlockall": {
        const [current, future] = this.draws.pick(LOCK_ALL);
        return { op, process, current, future };
      }
      case "munmap":
      case "mlock":
      case "munlock":
      case "madvise": {
        const asks = op === "madvise" && isLarge(this.span) && this.draws.chance(2, 3);
        const range = asks ? choose.wide() : choose.range();
        const [address, length] = [choose.address(range.start), choose.bytes(range.pages)];
        if (op !== "madvise") return { op, process, address, length };
        const advice = this.draws.pick(asks ? ADVICE_ON_MUCH : ADVICE);
        return { op, process, address, length, advice };
      }
      default:
        return this.pages.operation(op, process, this.draws, choose);
      case "page-in-vma": {
        const live = this.model.processes.flatMap(({ alive }, number) => (alive ? [number] : []));
        return this.pages.inVma(process, this.draws.pick(live), this.draws, choose);
      }
    }
  }

  /** What sleeps can't be told where nobody may sleep. */
  private deviceKind(): DeviceKind {
    const sleeps = this.draws.chance(1, 2);
    return sleeps && this.model.machine.memory.telling !== "inside" ? "rdma" : "kvm";
  }

  private onDevice(op: DeviceOperation["op"]): Operation | null {
    const { devices } = this.model.machine;
    const attached = devices.flatMap((device, number) => (device.attached ? [number] : []));
    const gone = devices.length > 0 && this.draws.chance(1, 40);
    if (!gone && attached.length === 0) return null;
    const device = gone ? this.draws.below(devices.length) : this.draws.pick(attached);
    if (op === "device-detach") return { op, device };
    const vmas = devices[device]?.space.vmas ?? [];
    const choose = new MappingChoice(this.draws, this.model, vmas, this.span);
    const address = choose.touched();
    return op === "device-read"
      ? { op, device, address }
      : { op, device, address, word: this.word() };
  }

  /** A new word, or one of those that KSM finds again. */
  private word(): number {
    return this.draws.chance(2, 5) ? ++this.words : 1 + this.draws.below(COMMON_WORDS);
  }

  private breakOf(process: number): number {
    const space = this.model.processes[process]?.space;
    if (space === undefined || this.draws.chance(1, 8)) return 0;
    return space.brkStart + this.draws.below(12) * PAGE + (this.draws.chance(1, 4) ? 100 : 0);
  }
}

/** current and future; munlockall more often than not, as it undoes much. */
const LOCK_ALL = [
  [false, false],
  [false, false],
  [false, false],
  [false, false],
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;
