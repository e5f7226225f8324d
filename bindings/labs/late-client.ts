// A virtual machine that shows a page whose entry is gone already, or may not be written to any more: found by stopping
// the kernel path after each of its steps.

import type { Batch } from "../kernel/batch.js";
import type { Kernel } from "../kernel/kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import { Scheduler } from "../scenario/scheduler.js";
import { at, lay, PAGE } from "./ground.js";

/** A path that takes an entry away, or write-protects it. */
export interface LatePath {
  readonly name: string;
  /** A page of a process, at page 0 of the arena. */
  readonly prepare: (kernel: Kernel, process: Process) => void;
  readonly path: (batch: Batch, page: Page) => void;
}

/** What was found in all steps of a path. */
export interface Lateness {
  /** Is there a step after which the entry is changed, no page-table lock is held, and the guest writes all the same? */
  readonly writesLate: boolean;
  /** Of the writes that it then makes: those that come to a frame that is free. */
  readonly toFreeFrames: number;
  /** Does it show anything in the end? */
  readonly survives: boolean;
  /** What happens to the entry and to the guest's, in order. */
  readonly log: readonly LateLine[];
}

/** "kernel: ..." or "guest: ...". */
export type LateLine = `${"kernel" | "guest"}: ${string}`;

/** The line of a log that says what must not be. */
export const LATE = "guest: can still write to the page, as nobody has told it";
/** How a line ends that says what is done in one go, from the lock to the unlock. */
export const UNDER_LOCK = "under the page-table lock";
/** How a line begins that is a call of the guest. */
export const CALLS = "kernel: calls ";

const GUEST_WORD = 99;

/** Paths that v3.7 has call invalidate_page after the unlock. */
export const latePaths: readonly LatePath[] = [
  {
    name: "try_to_unmap",
    prepare: (_kernel, process) => {
      lay(process, 0, 1);
    },
    path: (batch, page) => batch.tryToUnmap(page, { ignoreAccess: true }),
  },
  {
    name: "migration",
    prepare: (_kernel, process) => {
      lay(process, 0, 1);
    },
    path: (batch, page) => batch.migratePage(page),
  },
  {
    name: "page_mkclean",
    prepare: (kernel, process) => {
      const file = kernel.createFile({ pages: 1 });
      process.mmap({ address: at(0), length: PAGE, fixed: true, file, shared: true });
      process.write(at(0), 1);
    },
    path: (batch, page) => batch.pageMkclean(page),
  },
];

/** Steps through a path with a guest that shows the page, on a kernel of these options. */
export async function lateness(options: KernelOptions, late: LatePath): Promise<Lateness> {
  const scheduler = await Scheduler.create(options);
  const { kernel } = scheduler;
  const process = kernel.spawn();
  late.prepare(kernel, process);
  const guest = process.registerNotifier({ model: "kvm" });
  guest.write(at(0), 2);
  const page = process.pageAt(at(0));
  if (page === null) throw new Error("nothing is at page 0");
  const { frame } = page;
  const actor = scheduler.actor(late.name, (batch) => {
    late.path(batch, page);
  });
  const log: LateLine[] = [];
  let was: Seen = { allowed: true, writable: true, ranges: 0, isLate: false };
  let writesLate = false;
  let toFreeFrames = 0;
  while (!actor.done) {
    scheduler.step(actor);
    const shown = guest.pages().find((it) => it.address === at(0) && it.frame === frame);
    const isLocked = actor.heldLocks.some(({ lock }) => lock === "page-table lock");
    const entry = process.entryAt(at(0));
    const stays = entry?.frame === frame;
    const allowed = stays && entry.writable;
    const writable = shown?.writable === true;
    const isLate = writable && !allowed && !isLocked;
    const now: Seen = { allowed, writable, ranges: guest.ranges, isLate };
    log.push(
      ...linesBetween(was, now, stays ? "write-protects the entry" : "takes the entry away"),
    );
    was = now;
    if (!isLate) continue;
    writesLate = true;
    const write = (): void => guest.write(at(0), GUEST_WORD);
    if (!writes(scheduler, write)) toFreeFrames++;
  }
  const survives = guest.pages().some((it) => it.frame === frame && it.writable);
  kernel.dispose();
  return { writesLate, toFreeFrames, survives, log };
}

/** What a step may change. */
interface Seen {
  /** Does the process's entry let it write? */
  readonly allowed: boolean;
  /** Does the guest's? */
  readonly writable: boolean;
  /** Ranges that the guest was told of and that have not ended. */
  readonly ranges: number;
  readonly isLate: boolean;
}

function linesBetween(was: Seen, now: Seen, change: string): LateLine[] {
  const lines: LateLine[] = [];
  const begins = now.ranges > was.ranges;
  if (begins) lines.push(`${CALLS}invalidate_range_start`);
  else if (was.writable && !now.writable) lines.push(`${CALLS}invalidate_page`);
  if (was.writable && !now.writable) lines.push("guest: lets the page go");
  if (was.allowed && !now.allowed) lines.push(`kernel: ${change}, ${UNDER_LOCK}`);
  if (now.isLate && !was.isLate) lines.push(LATE);
  if (now.ranges < was.ranges) lines.push(`${CALLS}invalidate_range_end`);
  return lines;
}

/** Lets the guest write, and goes back to before; false if it wrote to a frame that is free. */
function writes(scheduler: Scheduler, write: () => void): boolean {
  const moment = scheduler.save();
  try {
    write();
    return true;
  } catch {
    return false;
  } finally {
    scheduler.restore(moment);
  }
}
