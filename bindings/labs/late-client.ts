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
  /** Steps at whose end the entry is changed, no page-table lock is held, and the guest can write through its own. */
  readonly moments: number;
  /** Of the writes that it then makes: those that come to a frame that is free. */
  readonly toFreeFrames: number;
  /** Does it show anything in the end? */
  readonly survives: boolean;
  /** What happens to the entry and to the guest's, "kernel: ..." and "guest: ...", in order. */
  readonly log: readonly string[];
}

/** The line of a log that says what must not be. */
export const LATE = "guest: can write to the page, though the entry does not allow it";

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
  const log: string[] = [];
  let was = { allowed: true, writable: true, isLate: false };
  let moments = 0;
  let toFreeFrames = 0;
  while (!actor.done) {
    scheduler.step(actor);
    const shown = guest.pages().find((it) => it.address === at(0) && it.frame === frame);
    const isLocked = actor.heldLocks.some(({ lock }) => lock === "page-table lock");
    const entry = process.entryAt(at(0));
    const allowed = entry?.frame === frame && entry.writable;
    const writable = shown?.writable === true;
    const isLate = writable && !allowed && !isLocked;
    const change = entry?.frame === frame ? "write-protects the entry" : "takes the entry away";
    if (was.writable && !writable) log.push("guest: is told, and lets the page go");
    if (was.allowed && !allowed) log.push(`kernel: ${change}`);
    if (isLate && !was.isLate) log.push(LATE);
    was = { allowed, writable, isLate };
    if (!isLate) continue;
    moments++;
    if (
      !writes(scheduler, () => {
        guest.write(at(0), GUEST_WORD);
      })
    )
      toFreeFrames++;
  }
  const survives = guest.pages().some((it) => it.frame === frame && it.writable);
  kernel.dispose();
  return { moments, toFreeFrames, survives, log };
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
