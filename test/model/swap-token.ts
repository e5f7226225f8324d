import type { AddressSpace } from "./address-space.js";
import type { Cgroup } from "./cgroup.js";

/** Reads from swap after which the holder's priority is halved. */
const LONG = 255;

/** How an address space stands with the token. */
export interface Standing {
  priority: number;
  /** Reads of all at its last one. */
  stamp: number;
  interval: number;
}

export function newcomer(stamp = 0): Standing {
  return { priority: 0, stamp, interval: 0 };
}

/** The swap token of a machine, in releases that have one. */
export class SwapToken {
  holder: AddressSpace | null = null;
  /** In which cgroup that was when it got the token. */
  private of: Cgroup | null = null;
  reads = 0;
  agedAt = 0;
  /** Whose process does what is done now; null: nobody's. */
  private doing: AddressSpace | null = null;
  /** Whose fault is being handled now. */
  private faulting: AddressSpace | null = null;

  constructor(readonly exists: boolean) {}

  /** An address space reads from swap. */
  read(space: AddressSpace): void {
    if (!this.exists) return;
    this.reads++;
    const { standing } = space;
    const interval = this.reads - standing.stamp;
    const rival = this.holder;
    if (rival !== null && this.reads - this.agedAt > LONG) {
      rival.standing.priority = Math.floor(rival.standing.priority / 2);
      this.agedAt = this.reads;
    }
    if (rival === space) standing.priority += 2;
    else if (rival === null || this.overtakes(standing, interval, rival.standing)) {
      standing.priority += 2;
      this.holder = space;
      this.of = space.cgroup;
      this.agedAt = this.reads;
    }
    standing.stamp = this.reads;
    standing.interval = interval;
  }

  private overtakes(standing: Standing, interval: number, holder: Standing): boolean {
    const sooner = interval < standing.interval;
    standing.priority = Math.max(0, standing.priority + (sooner ? 1 : -1));
    return standing.priority > holder.priority;
  }

  /** The address space ends, or is another cgroup's from now on. */
  lose(space: AddressSpace): void {
    if (this.holder === space) this.holder = null;
  }

  /** Reclaim has tried all but the last; of one cgroup, if `only` is not null. */
  fall(only: Cgroup | null): void {
    if (only === null || this.of === only) this.holder = null;
  }

  /** Do pages of an address space count as used, as it is inside a fault, whoever used them? */
  shields(space: AddressSpace): boolean {
    if (this.holder !== space || this.doing === space) return false;
    return space.processesHeld > 0 || this.faulting === space;
  }

  /** Something that is done by a process of an address space, or by none. */
  by<T>(space: AddressSpace | null, work: () => T): T {
    const before = this.doing;
    this.doing = space;
    try {
      return work();
    } finally {
      this.doing = before;
    }
  }

  /** Something that is done with mmap_sem of an address space. */
  inside<T>(space: AddressSpace, work: () => T): T {
    const before = this.faulting;
    this.faulting = space;
    try {
      return work();
    } finally {
      this.faulting = before;
    }
  }
}
