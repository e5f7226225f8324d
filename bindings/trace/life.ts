// How threads and processes come, change and go.

import type { Prot } from "../kernel/prot.js";
import { AddressSpace } from "./address-space.js";
import { DescriptorTable } from "./descriptor-table.js";
import { OpenFile } from "./inode-table.js";
import type { Machine } from "./machine.js";
import { isSpecial } from "./maps-file.js";
import type { MapsRange, MapsSnapshot } from "./maps-file.js";
import type { Plan } from "./plan.js";
import type { SnapshotChecks } from "./snapshot-checks.js";
import { CLONE } from "./strace-flags.js";
import { hasFlag, parseFields, parseFlags } from "./strace-value.js";
import { splitArguments } from "./strace-arguments.js";
import { Task } from "./task.js";
import type { TracedCall } from "./traced-call.js";
import { touchNew } from "./calls/mapping.js";

/** The population of a machine. */
export class Life {
  readonly #born = new Set<TracedCall>();

  constructor(
    private readonly machine: Machine,
    private readonly plan: Plan,
    private readonly checks: SnapshotChecks,
  ) {}

  /** The thread that an event at `time` comes from; it is made when this is the first of it. */
  thread(id: number, time: number, line: number): Task {
    const tid = this.plan.tid(id);
    return (
      this.faultingThread(id, time) ??
      this.#child(tid, this.plan.strayBirth(time, this.#born)) ??
      this.#root(tid, line)
    );
  }

  /** The same for a page fault, which alone makes no thread that no call made. */
  faultingThread(id: number, time: number): Task | null {
    const tid = this.plan.tid(id);
    const known = this.machine.tasks.get(tid);
    return known ?? this.#child(tid, this.plan.birth(tid, time, this.#born));
  }

  /** clone, clone3, fork and vfork: the child lives from its first event, or from the call's end. */
  fork(parent: Task, call: TracedCall): void {
    if (this.#born.has(call) || call.result === null) return;
    if (this.plan.appears(call.result)) {
      this.#birth(parent, call, call.result);
      return;
    }
    // Nobody followed the child: what its making did to the parent stays.
    this.#born.add(call);
    if (hasFlag(cloneFlags(call), CLONE.CLONE_VM)) return;
    this.machine.submission.flush();
    const child = parent.process.fork();
    this.machine.submission.push(call.line, "exit", null, (batch) => batch.exit(child));
  }

  /** A successful execve: the other threads end, the address space is the program's. */
  exec(task: Task, call: TracedCall): void {
    for (const other of this.machine.tasks.ofProcess(task.pid)) {
      if (other !== task) this.end(other, call.line);
    }
    this.machine.submission.flush();
    const snapshot = this.plan.program(call);
    task.space.users--;
    task.space = new AddressSpace(snapshot !== null);
    task.files = task.files.clone();
    task.files.closeForExec();
    this.#execProcess(task, call.line);
    if (snapshot) {
      task.process.name = snapshot.exe.slice(snapshot.exe.lastIndexOf("/") + 1);
      this.#mapProgram(task, call, snapshot);
    }
  }

  /** exit and exit_group: threads whose end has a line of its own wait for it. */
  exit(task: Task, call: TracedCall): void {
    const ending = call.name === "exit" ? [task] : this.machine.tasks.ofProcess(task.pid);
    for (const other of ending) {
      if (!this.plan.endsLater(other.tid, call.line)) this.end(other, call.line);
    }
  }

  /** A thread is gone; with the last of an address space that goes too. */
  end(task: Task, line: number): void {
    if (this.machine.tasks.threads(task.pid) === 1) this.checks.processEnds(this.machine, task);
    this.machine.submission.push(line, "exit", null, (batch) => batch.exit(task.process));
    task.space.users--;
    this.machine.tasks.remove(task);
  }

  /** A thread's execve ends the first thread of the process, and it takes over that one's id. */
  supersede(id: number, by: number, line: number): void {
    const tid = this.plan.tid(id);
    const successor = this.machine.tasks.get(by);
    const leader = this.machine.tasks.get(tid);
    if (!successor || successor === leader) return;
    if (leader) this.end(leader, line);
    this.machine.tasks.remove(successor);
    successor.tid = tid;
    this.machine.tasks.add(successor);
  }

  #child(tid: number, call: TracedCall | null): Task | null {
    const parent = call && this.machine.tasks.get(this.plan.tid(call.tid));
    return parent ? this.#birth(parent, call, tid) : null;
  }

  #birth(parent: Task, call: TracedCall, tid: number): Task {
    this.#born.add(call);
    const { machine } = this;
    const flags = cloneFlags(call);
    const sharesMemory = hasFlag(flags, CLONE.CLONE_VM);
    machine.submission.flush();
    const process = parent.process.fork({ shareMemory: sharesMemory });
    const space = sharesMemory ? parent.space : parent.space.fork();
    if (sharesMemory) space.users++;
    const files = hasFlag(flags, CLONE.CLONE_FILES) ? parent.files : parent.files.clone();
    const pid = hasFlag(flags, CLONE.CLONE_THREAD) ? parent.pid : tid;
    const child = new Task(tid, pid, process, space, files);
    machine.tasks.add(child);
    if (!sharesMemory) this.#wipe(child, call.line);
    return child;
  }

  #wipe(child: Task, line: number): void {
    for (const { start, end } of child.space.wipedOnFork.within(0, Infinity)) {
      this.machine.submission.push(line, "wipe on fork", 0, (batch) =>
        batch.madvise(child.process, start, end - start, "dontneed"),
      );
    }
  }

  /** A thread that nothing in the capture made: its address space is not known. */
  #root(tid: number, line: number): Task {
    this.machine.submission.flush();
    const process = this.machine.kernel.spawn();
    const space = new AddressSpace(false);
    const task = new Task(tid, tid, process, space, new DescriptorTable());
    this.machine.tasks.add(task);
    this.#execProcess(task, line - 1);
    return task;
  }

  /** Empties the address space; the heap begins where the first brk will say. */
  #execProcess(task: Task, line: number): void {
    const first = this.plan.nextBreak(task.tid, line);
    const asks = first !== null && ["NULL", "0"].includes(first.text(0));
    const start = asks ? (first.result ?? 0) : 0;
    task.process.exec(start > 0 ? { brk: start } : {});
    task.space.heapStart = start > 0 ? start : null;
    task.space.break = start > 0 ? start : null;
  }

  #mapProgram(task: Task, call: TracedCall, snapshot: MapsSnapshot): void {
    const opens = new Map<string, OpenFile>();
    for (const range of snapshot.ranges) {
      const { start, end } = range;
      const prot = protOfPerms(range.perms);
      this.machine.map(task, call.line, call.name, {
        start,
        end,
        prot,
        shared: range.perms.endsWith("s"),
        growsDown: range.name.startsWith("[stack"),
        open: this.#programFile(range, opens),
        pgoff: range.pgoff,
      });
      const bits = prot.includes("w") ? 3 : 0;
      if (!isSpecial(range)) touchNew(this.machine, task, call.line, start, end, bits);
    }
  }

  /** The kernel opens a program once and maps its segments from that one open file. */
  #programFile(range: MapsRange, opens: Map<string, OpenFile>): OpenFile | null {
    if (!range.named || range.name.startsWith("[stack")) return null;
    const known = opens.get(range.name);
    if (known) return known;
    const open = new OpenFile(this.machine.inodes.at(range.name));
    opens.set(range.name, open);
    return open;
  }
}

function cloneFlags(call: TracedCall): { bits: number; unknown: string[] } {
  if (call.name === "fork") return { bits: 0, unknown: [] };
  if (call.name === "vfork") return { bits: CLONE.CLONE_VM | CLONE.CLONE_VFORK, unknown: [] };
  const parts =
    call.name === "clone3" ? splitArguments(call.text(0).replace(/^\{|\}.*$/gs, "")) : call.parts;
  const flags = parseFlags(parseFields(parts).get("flags") ?? "", CLONE);
  if (flags === null) throw call.malformed(0, "flags=... is expected");
  return flags;
}

function protOfPerms(perms: string): Prot {
  const letters = perms.slice(0, 3).replaceAll("-", "");
  return (letters === "" ? "none" : letters) as Prot;
}
