// Changes of huge entries meet a virtual machine that shows them, and another thread, which may find such an entry gone
// while clients hear of it under the page_table_lock.

import { expect, test } from "vitest";
import type { Batch, KernelOptions, MmuNotifier, Page, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, PAGE } from "./ground.js";
import { interrupt } from "./interruption.js";

const ROW = 512;
const HUGE = ROW * PAGE;

interface Family {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly thread: Process;
  readonly child: Process;
  /** A virtual machine in the memory of `a`. */
  readonly guest: MmuNotifier;
  readonly head: Page;
}

type Path = (batch: Batch, family: Family) => void;

const placements = ["under-ptl", "outside-ptl"] as const;
const roomy: KernelOptions = { frames: 4 * ROW - 1, transparentHugepage: "always" };
/** A copy of a huge page finds small ones only. */
const narrow: KernelOptions = { frames: 2 * ROW + 100, transparentHugepage: "always" };
const pooled: KernelOptions = { frames: 4 * ROW + 64, hugePages: 3 };

/** A huge page that `a`, its thread and its child show, and the guest of `a`. */
async function family(options: KernelOptions): Promise<Family> {
  const scheduler = await Scheduler.create(options);
  const { kernel } = scheduler;
  const a = kernel.spawn();
  const hugetlb = options.hugePages !== undefined;
  a.mmap({ address: BASE, length: HUGE, fixed: true, hugetlb });
  a.write(BASE, 10);
  a.write(BASE + 3 * PAGE, 13);
  const child = a.fork();
  const thread = a.fork({ shareMemory: true });
  const guest = a.registerNotifier({ model: "kvm" });
  guest.read(BASE + 3 * PAGE);
  return { scheduler, a, thread, child, guest, head: a.pageAt(BASE)! };
}

/** Both orders of interruption, wherever clients are told; in the end the guest reads what its process reads. */
function race(
  name: string,
  options: KernelOptions,
  one: Path,
  two: Path,
  setUp: (family: Family) => void = () => undefined,
): void {
  test.each(placements)(`${name} (%s)`, async (notifierCalls) => {
    const ground = await family({ ...options, notifierCalls });
    setUp(ground);
    const { scheduler, a, guest } = ground;
    const first = scheduler.actor("first", (batch) => one(batch, ground));
    const second = scheduler.actor("second", (batch) => two(batch, ground));
    const look = (): void => {
      for (const page of [0, 1, 3]) {
        expect(guest.read(BASE + page * PAGE)).toBe(a.read(BASE + page * PAGE));
      }
    };
    expect(interrupt(scheduler, first, second, look)).toBeGreaterThan(0);
    expect(interrupt(scheduler, second, first, look)).toBeGreaterThan(0);
    scheduler.kernel.dispose();
  });
}

const write: Path = (batch, { a }) => batch.write(a, BASE + PAGE, 5);
const guestReads: Path = (batch, { guest }) => batch.deviceRead(guest, BASE + PAGE);
const guestWrites: Path = (batch, { guest }) => batch.deviceWrite(guest, BASE + 3 * PAGE, 6);
const threadReads: Path = (batch, { thread }) => batch.read(thread, BASE + 3 * PAGE);
const threadWrites: Path = (batch, { thread }) => batch.write(thread, BASE + 3 * PAGE, 7);
const threadDrops: Path = (batch, { thread }) => batch.madvise(thread, BASE, HUGE, "dontneed");

for (const [what, options] of [
  ["a huge page", roomy],
  ["a huge page, to small ones", narrow],
  ["a huge page of the pool", pooled],
] as const) {
  race(`a copy of ${what}, and the guest's read`, options, write, guestReads);
  race(`a copy of ${what}, and the guest's write`, options, write, guestWrites);
  race(`a copy of ${what}, and a thread's read`, options, write, threadReads);
  race(`a copy of ${what}, and a thread's write`, options, write, threadWrites);
}

for (const options of [roomy, narrow]) {
  const room = options === roomy ? "much" : "little";
  race(`a copy, and a thread that gives it up, with ${room} room`, options, write, threadDrops);
}

race(
  "a split and the guest's read",
  roomy,
  (batch, { head }) => batch.splitHugePage(head),
  guestReads,
);
race(
  "a split and a thread's write",
  roomy,
  (batch, { head }) => batch.splitHugePage(head),
  threadWrites,
);

race(
  "a collapse and the guest's write",
  roomy,
  (batch, { a }) => batch.collapse(a, BASE),
  guestWrites,
  ({ scheduler, child, head }) => {
    child.exit();
    scheduler.kernel.splitHugePage(head);
  },
);

const migrate: Path = (batch, { head }) => batch.migratePage(head);
race("the migration of a huge page of the pool, and the guest's read", pooled, migrate, guestReads);
race("the migration of a huge page of the pool, and a thread's read", pooled, migrate, threadReads);
race(
  "the migration of a huge page of the pool, and a thread's write",
  pooled,
  migrate,
  threadWrites,
);
