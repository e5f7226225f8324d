// Pairs of kernel paths that meet at a huge page: whatever the first has done when the second begins, both come to
// their end, and the invariants hold (interruption.ts).

import { expect, test } from "vitest";
import type { Batch, KernelOptions, Page, Process } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, PAGE } from "./ground.js";
import { interrupt, overtake } from "./interruption.js";

const HUGE = 512 * PAGE;
/** A second place for a huge page. */
const ELSEWHERE = BASE + 8 * HUGE;

/** A process that shows a huge page, a thread of it, and a child that shows it as well. */
interface Family {
  readonly scheduler: Scheduler;
  readonly a: Process;
  readonly thread: Process;
  readonly child: Process;
  /** The huge page's first, and another one of it. */
  readonly head: Page;
  readonly tail: Page;
}

async function family(options: KernelOptions = {}): Promise<Family> {
  const scheduler = await Scheduler.create({
    frames: 4 * 512 - 1,
    transparentHugepage: "always",
    ...options,
  });
  const a = scheduler.kernel.spawn();
  a.mmap({ address: BASE, length: 2 * HUGE, fixed: true });
  a.write(BASE, 10);
  a.write(BASE + 3 * PAGE, 13);
  const child = a.fork();
  const thread = a.fork({ shareMemory: true });
  return { scheduler, a, thread, child, head: a.pageAt(BASE)!, tail: a.pageAt(BASE + 3 * PAGE)! };
}

type Path = (batch: Batch, family: Family) => void;

const split: Path = (batch, { tail }) => batch.splitHugePage(tail);

/** Both orders of interruption; of the second, which is long, only if it is short. */
function race(
  name: string,
  one: Path,
  two: Path,
  setUp: (family: Family) => void = () => undefined,
): void {
  test(name, async () => {
    const ground = await family();
    setUp(ground);
    const { scheduler } = ground;
    const first = scheduler.actor("first", (batch) => one(batch, ground));
    const second = scheduler.actor("second", (batch) => two(batch, ground));
    expect(interrupt(scheduler, first, second)).toBeGreaterThan(0);
    expect(interrupt(scheduler, second, first)).toBeGreaterThan(0);
    scheduler.kernel.dispose();
  });
}

race("a split and a fork", split, (batch, { a }) => batch.fork(a));
race("a split and the exit of who shows it too", split, (batch, { child }) => batch.exit(child));
race("a split and an unmap of all of it", split, (batch, { a }) => batch.munmap(a, BASE, HUGE));
race("a split and another split", split, (batch, { head }) => batch.splitHugePage(head));
race("a split and a write that copies it", split, (batch, { a }) => batch.write(a, BASE + PAGE, 5));
race("a split and a protection of all of it", split, (batch, { a }) =>
  batch.mprotect(a, BASE, HUGE, "r"),
);
race("a split and page_referenced", split, (batch, { head }) => batch.pageReferenced(head));
race("a split and the migration of a page of it", split, (batch, { tail }) =>
  batch.migratePage(tail),
);
race("a split and a reclaim of its first page", split, (batch, { head }) =>
  batch.shrinkPage(head, { force: true }),
);
race(
  "a reclaim that splits, and a fork",
  (batch, { head }) => batch.shrinkPage(head, { force: true }),
  (batch, { a }) => batch.fork(a),
);
race(
  "a cut by new bounds, and a split",
  (batch, { a }) => batch.madvise(a, BASE, 8 * PAGE, "dontfork"),
  split,
);
race(
  "a move of all of it, source first, and a split",
  (batch, { a }) => batch.mremap(a, BASE, HUGE, HUGE, { to: ELSEWHERE }),
  split,
);
race(
  "a munlock of all of it, and a split",
  (batch, { a }) => batch.munlock(a, BASE, HUGE),
  (batch, { a }) => batch.splitHugePage(a.pageAt(BASE)!),
  ({ a, child }) => {
    child.exit();
    a.mlock(BASE, HUGE);
  },
);
race(
  "two writes that copy it",
  (batch, { a }) => batch.write(a, BASE, 1),
  (batch, { child }) => batch.write(child, BASE, 2),
);
race(
  "two threads that write to it",
  (batch, { a }) => batch.write(a, BASE, 1),
  (batch, { thread }) => batch.write(thread, BASE + PAGE, 2),
);
race(
  "two threads that make one",
  (batch, { a }) => batch.write(a, BASE + HUGE, 1),
  (batch, { thread }) => batch.read(thread, BASE + HUGE + PAGE),
);
race(
  "a write that makes one, and an unmap",
  (batch, { a }) => batch.write(a, BASE + HUGE, 1),
  (batch, { thread }) => batch.munmap(thread, BASE + HUGE, HUGE),
);

const alone = ({ child }: Family): void => child.exit();
const unmap: Path = (batch, { a }) => batch.munmap(a, BASE, HUGE);

// Zapping takes the entry under the page_table_lock, for which a split that has the anon_vma's mutex does not wait: it
// finds that nothing maps the page any more, and its tails are nobody's.
race("a split and an unmap of the only place", split, unmap, alone);
race(
  "a split and advice that its only place is not needed",
  split,
  (batch, { a }) => batch.madvise(a, BASE, HUGE, "dontneed"),
  alone,
);
race(
  "a split and the exit of the only process that shows it",
  split,
  (batch, { a }) => batch.exit(a),
  ({ child, thread }) => {
    child.exit();
    thread.exit();
  },
);
race(
  "a reclaim that splits, and an unmap of the only place",
  (batch, { head }) => batch.shrinkPage(head, { force: true }),
  unmap,
  alone,
);
race(
  "the migration of a page of it, and an unmap of the only place",
  (batch, { tail }) => batch.migratePage(tail),
  unmap,
  alone,
);
race(
  "try_to_unmap of a page of it, and an unmap of the only place",
  (batch, { tail }) => batch.tryToUnmap(tail),
  unmap,
  alone,
);
race(
  "a memory failure in it, and an unmap of the only place",
  (batch, { tail }) => batch.memoryFailure(tail),
  unmap,
  alone,
);
race(
  "a split and an unmap of a page that is pinned",
  split,
  unmap,
  ({ scheduler, child, tail }) => {
    child.exit();
    scheduler.kernel.pin(tail);
  },
);

/** Two small pages where a huge one fits, the second of them old. */
function small({ a, scheduler }: Family): Page {
  a.madvise(BASE + HUGE, HUGE, "nohugepage");
  for (const page of [0, 5]) a.write(BASE + HUGE + page * PAGE, 20 + page);
  a.madvise(BASE + HUGE, HUGE, "hugepage");
  const old = a.pageAt(BASE + HUGE + 5 * PAGE)!;
  scheduler.kernel.pageReferenced(old);
  return old;
}

const collapse: Path = (batch, { a }) => batch.collapse(a, BASE + HUGE);

function collapseRace(
  name: string,
  other: (batch: Batch, family: Family, old: Page) => void,
): void {
  test(name, async () => {
    const ground = await family();
    const old = small(ground);
    const { scheduler, a } = ground;
    const first = scheduler.actor("collapse", (batch) => collapse(batch, ground));
    const second = scheduler.actor("second", (batch) => other(batch, ground, old));
    const results = new Set<number>();
    const look = (): void => {
      results.add(first.batch.result(0));
      const vma = a.vmaAt(BASE + HUGE);
      if (vma !== null) expect(a.read(BASE + HUGE + 5 * PAGE)).toBe(25);
    };
    expect(interrupt(scheduler, first, second, look)).toBeGreaterThan(0);
    expect(interrupt(scheduler, second, first, look)).toBeGreaterThan(0);
    expect(results.has(0)).toBe(true);
    scheduler.kernel.dispose();
  });
}

collapseRace("a collapse and a write of a thread", (batch, { thread }) =>
  batch.write(thread, BASE + HUGE + PAGE, 5),
);
collapseRace("a collapse and a reclaim of a page of it", (batch, _, old) => batch.shrinkPage(old));
collapseRace("a collapse and page_referenced", (batch, _, old) => batch.pageReferenced(old));
collapseRace("a collapse and try_to_unmap", (batch, _, old) => batch.tryToUnmap(old));
collapseRace("a collapse and a migration", (batch, _, old) => batch.migratePage(old));
collapseRace("a collapse and a fork", (batch, { a }) => batch.fork(a));
collapseRace("a collapse and an unmap", (batch, { thread }) =>
  batch.munmap(thread, BASE + HUGE, HUGE),
);
collapseRace("two collapses", (batch, { thread }) => batch.collapse(thread, BASE + HUGE));

race(
  "khugepaged's scan and the exits of those that it comes to",
  (batch) => batch.khugepagedScan(),
  (batch, { a, child }) => {
    batch.exit(child);
    batch.exit(a);
  },
  (family) => {
    small(family);
    family.thread.exit();
  },
);

/**
 * v3.7's known defect (repaired in 2014): mremap moves a huge entry under the page_table_lock alone. Where the place it
 * goes to is visited first, a split comes to both places when the entry is at neither.
 */
test.each<KernelOptions & { missed: boolean }>([
  { mremapOrder: "lock-if-needed", hugeMove: "ptl-only", missed: true },
  { mremapOrder: "always-lock", hugeMove: "ptl-only", missed: true },
  { mremapOrder: "lock-if-needed", hugeMove: "rmap-locks", missed: false },
  { mremapOrder: "always-lock", hugeMove: "rmap-locks", missed: false },
  // Before, it is the order that has to help, and helps.
  { mremapOrder: "move-to-tail", anonIndex: "list", hugeMove: "ptl-only", missed: false },
  { mremapOrder: "none", anonIndex: "list", hugeMove: "rmap-locks", missed: true },
])(
  "a move back of a huge page, with $mremapOrder and $hugeMove, can be missed by a split: $missed",
  async ({ missed, ...options }) => {
    const { scheduler, a, child, tail } = await family(options);
    child.exit();
    a.write(BASE + HUGE, 20);
    const other = a.pageAt(BASE + HUGE)!;
    a.mremap(BASE + HUGE, HUGE, HUGE, { to: ELSEWHERE });
    expect(tail.hugePage).not.toBe(null);
    const cut = scheduler.actor("split", (batch) => batch.splitHugePage(other));
    const move = scheduler.actor("move", (batch) =>
      batch.mremap(a, ELSEWHERE, HUGE, HUGE, { to: BASE + HUGE }),
    );
    const wrong = [...overtake(scheduler, move, cut), ...overtake(scheduler, cut, move)];
    expect(wrong.length > 0).toBe(missed);
    for (const message of wrong) expect(message).toContain("split found other entries");
    scheduler.kernel.dispose();
  },
);

test("a split of a page whose cgroup is removed: as much goes off its counter as the root has from then on", async () => {
  const ground = await family();
  const { scheduler, a, head } = ground;
  const { kernel } = scheduler;
  const cgroup = kernel.createCgroup();
  cgroup.move(a);
  // It stays behind when its process leaves.
  expect(kernel.isolate(head)).toBe(true);
  kernel.rootCgroup.move(a);
  kernel.putback(head);
  expect([cgroup.spaces, cgroup.usage]).toEqual([0, 512]);
  const remove = scheduler.actor("remove", (batch) => batch.removeCgroup(cgroup));
  const cut = scheduler.actor("cut", (batch) => split(batch, ground));
  expect(interrupt(scheduler, remove, cut)).toBeGreaterThan(0);
  kernel.dispose();
});
