import type { MmuNotifier, Process } from "../../bindings/index.js";
import { PAGE } from "./operation.js";

/** What the mirror shows of a page. */
interface Mirrored {
  frame: number;
  writable: boolean;
}

/**
 * A client that mirrors a process: a page table of its own, fed by nothing but its callbacks and its own faults. It
 * throws as soon as it shows what the page table does not.
 */
export class Mirror {
  readonly notifier: MmuNotifier;
  private readonly table = new Map<number, Mirrored>();
  private readonly used = new Set<number>();
  private ranges = 0;
  private sequence = 0;
  private released = false;
  /** Notifications that have returned. */
  told = 0;

  constructor(
    /** One of those that run in the address space. */
    public process: Process,
    /** Bytes that one entry of its table shows: more than a page where huge pages are mapped. */
    private readonly grain = PAGE,
  ) {
    this.notifier = process.registerNotifier({
      sleeps: false,
      invalidatePage: (address) => {
        const start = address - (address % this.grain);
        this.drop(start, start + this.grain);
        this.sequence++;
        this.compare();
      },
      invalidateRangeStart: (start, end) => {
        this.ranges++;
        this.drop(start, end);
        this.compare();
      },
      invalidateRangeEnd: () => {
        this.sequence++;
        this.ranges--;
        this.compare();
      },
      clearFlushYoung: (address) => this.used.delete(address),
      testYoung: (address) => this.used.has(address),
      changePte: (address, { frame, writable }) => {
        const mirrored = this.table.get(address);
        this.sequence++;
        if (mirrored === undefined) return;
        if (writable) this.drop(address, address + PAGE);
        else this.table.set(address, { frame, writable });
      },
      release: () => {
        this.released = true;
        this.drop(0, Infinity);
      },
    });
  }

  get alive(): boolean {
    return !this.released && this.process.alive;
  }

  /** Is it the address space of that process? */
  watches(process: Process): boolean {
    return this.alive && this.process.sharesWith(process);
  }

  get pages(): number {
    return this.table.size;
  }

  /** A fault of its own, made again as long as it hears of changes meanwhile. KernelError EFAULT, ENOMEM. */
  touch(address: number, write: boolean): void {
    const page = address - (address % PAGE);
    const mirrored = this.table.get(page);
    if (mirrored === undefined || (write && !mirrored.writable)) this.fault(page, write);
    this.used.add(page);
    this.compare();
  }

  /** Shows nothing any more, as after a change that it was not told of. */
  forget(): void {
    this.drop(0, Infinity);
  }

  private fault(page: number, write: boolean): void {
    for (;;) {
      const { sequence } = this;
      const found = this.notifier.fault(page, { write });
      if (this.ranges > 0 || this.sequence !== sequence) continue;
      const before = this.table.get(page);
      if (before !== undefined && before.frame !== found.frame) {
        throw new Error(
          `the mirror shows frame ${before.frame} where a fault finds ${found.frame}`,
        );
      }
      this.table.set(page, { ...found, writable: found.writable || before?.writable === true });
      return;
    }
  }

  private drop(start: number, end: number): void {
    for (const address of this.table.keys()) {
      if (address < start || address >= end) continue;
      this.table.delete(address);
      this.used.delete(address);
    }
  }

  /** Everything it shows is so. */
  compare(): void {
    this.told++;
    for (const [address, { frame, writable }] of this.table) {
      const entry = this.process.entryAt(address);
      if (entry?.frame === frame && (entry.writable || !writable)) continue;
      const there = entry === null ? "nothing" : `frame ${entry.frame}, writable ${entry.writable}`;
      throw new Error(
        `the mirror shows frame ${frame}, writable ${writable}, at ${address} of process ` +
          `${this.process.pid}, where the page table has ${there}`,
      );
    }
  }
}
