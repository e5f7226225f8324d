// Page faults of a capture, as touches of the memory at their addresses.

import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import { FaultAccess } from "./fault-file.js";
import { UNKNOWN_SIZE } from "./inode-table.js";
import type { Life } from "./life.js";
import type { Machine } from "./machine.js";
import { lockedVma } from "./memory-lock.js";
import type { Plan } from "./plan.js";
import type { Task } from "./task.js";

/** How far below a mapping that grows down a touch still makes it grow. */
const GROWTH_LIMIT = 8 * 1024 * 1024;

/** What became of the faults. */
export interface FaultCounts {
  replayed: number;
  /** Passed over: they ended in a signal. */
  signals: number;
  /** Passed over: no thread of the capture had them. */
  strangers: number;
  /** Failed here, by error: what was there in the capture is not there now. */
  refused: Map<string, number>;
}

/** Applies the faults one after another. */
export class FaultReplay {
  readonly counts: FaultCounts = { replayed: 0, signals: 0, strangers: 0, refused: new Map() };

  constructor(
    private readonly machine: Machine,
    private readonly plan: Plan,
    private readonly life: Life,
  ) {}

  /** Applies fault number `index`. */
  apply(index: number): void {
    const { faults } = this.plan.capture;
    if (this.plan.signalled[index] === 1) {
      this.counts.signals++;
      return;
    }
    const task = this.life.faultingThread(faults.tids[index] ?? 0, faults.times[index] ?? 0);
    if (!task) {
      this.counts.strangers++;
    } else if (task.executing) {
      task.waiting.push(index);
    } else {
      this.#touch(task, index);
    }
  }

  /** An execve is over: the faults that waited for it. */
  applyWaiting(task: Task): void {
    task.executing = false;
    for (const index of task.waiting) this.#touch(task, index);
    task.waiting.length = 0;
  }

  #touch(task: Task, index: number): void {
    const { faults } = this.plan.capture;
    const address = faults.pages[index] ?? 0;
    const access: FaultAccess = faults.access[index] ?? FaultAccess.Read;
    const line = faults.lines[index] ?? 0;
    if (!task.space.known.has(address)) this.#reach(task, address, access, line);
    this.#submit(task, address, access, line, (error) => {
      if (error === "SIGBUS" && this.#lengthen(task, address)) {
        this.#submit(task, address, access, line, (again) => this.#refuse(again));
      } else {
        this.#refuse(error);
      }
    });
    this.counts.replayed++;
  }

  #submit(
    task: Task,
    address: number,
    access: FaultAccess,
    line: number,
    onFailure: (error: string) => void,
  ): void {
    this.machine.submission.push(
      line,
      "fault",
      null,
      (batch) => {
        if (access === FaultAccess.Write) batch.write(task.process, address, line);
        else if (access === FaultAccess.Execute) batch.execute(task.process, address);
        else batch.read(task.process, address);
      },
      onFailure,
    );
  }

  #refuse(error: string): void {
    this.counts.replayed--;
    this.counts.refused.set(error, (this.counts.refused.get(error) ?? 0) + 1);
  }

  /** Nothing is known at the address: a stack grows, or memory is assumed. */
  #reach(task: Task, address: number, access: FaultAccess, line: number): void {
    const { space } = task;
    const above = space.known.nextStart(address);
    const stack = space.growing.find(({ start }) => start === above);
    if (stack && stack.end - address <= GROWTH_LIMIT) {
      // The touch itself makes it grow, as it is: if it is locked, only what is touched becomes present.
      if (lockedVma(this.machine, task, stack.start)) {
        space.lockedOnFault.add(address, stack.start);
      }
      space.known.add(address, stack.start);
      space.growing = space.growing.filter((other) => other !== stack);
      space.growing.push({ ...stack, start: address });
      return;
    }
    const prot = access === FaultAccess.Execute ? "rwx" : "rw";
    this.machine.assume(task, line, address, address + PAGE_SIZE, prot);
  }

  /** The file behind an address turns out to be longer than the calls told: writes are not captured. */
  #lengthen(task: Task, address: number): boolean {
    const vma = task.process.vmas().find(({ start, end }) => start <= address && address < end);
    const inode = vma?.file ? this.machine.inodes.byNumber(vma.file.inode) : null;
    if (!inode) return false;
    this.machine.submission.flush();
    inode.truncate(UNKNOWN_SIZE);
    return true;
  }
}
