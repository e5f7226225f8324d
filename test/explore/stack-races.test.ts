// Kernel paths that meet at a stack: one that grows, and one that exec is still setting up (race.ts).

import { expect, test } from "vitest";
import { DEFAULT_STACK_TOP as TOP, Page } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { BASE, PAGE, type Ground } from "./ground.js";
import { interrupt } from "./interruption.js";
import { race } from "./race.js";

const pages = (n: number): number => BASE + n * PAGE;

/** A stack of the pages [20, 24), the last of them written. */
function stack({ a }: Ground): void {
  a.mmap({ address: pages(20), length: 4 * PAGE, fixed: true, growsDown: true });
  a.write(pages(23), 1);
}

race("two threads that make one stack grow", (ground) => {
  const { a } = ground;
  stack(ground);
  const thread = a.fork({ shareMemory: true });
  const look = (): void => {
    expect(a.vmas().map(({ start }) => start)).toEqual([pages(9)]);
    expect([a.read(pages(10)), a.read(pages(15))]).toEqual([2, 3]);
  };
  return [
    (batch) => batch.write(a, pages(10), 2),
    (batch) => batch.write(thread, pages(15), 3),
    look,
  ];
});

race("two threads that make a stack grow that has no anon_vma yet", ({ a }) => {
  a.mmap({ address: pages(20), length: PAGE, fixed: true, growsDown: true });
  const thread = a.fork({ shareMemory: true });
  return [(batch) => batch.read(a, pages(18)), (batch) => batch.read(thread, pages(17))];
});

race("a stack that grows and reclaim of one of its pages", (ground) => {
  const { a, scheduler } = ground;
  stack(ground);
  const page = a.pageAt(pages(23))!;
  scheduler.kernel.pageReferenced(page);
  const look = (): void => {
    // Whenever it came, the walk has found the page's only entry.
    expect(page.mapcount).toBe(0);
  };
  return [(batch) => batch.write(a, pages(10), 2), (batch) => batch.tryToUnmap(page), look];
});

race("a stack that grows and the migration of one of its pages", (ground) => {
  const { a } = ground;
  stack(ground);
  const page = a.pageAt(pages(23))!;
  const look = (): void => {
    expect(a.read(pages(23))).toBe(1);
  };
  return [(batch) => batch.write(a, pages(10), 2), (batch) => batch.migratePage(page), look];
});

race("a stack that grows by its guard page and a fork", (ground) => {
  const { a } = ground;
  stack(ground);
  return [(batch) => batch.write(a, pages(20), 2), (batch) => batch.fork(a)];
});

race("two stacks of one family that grow", (ground) => {
  const { a } = ground;
  stack(ground);
  const child = a.fork();
  return [(batch) => batch.write(a, pages(10), 2), (batch) => batch.write(child, pages(12), 3)];
});

test.each([TOP, 0x7ffffffff000 - PAGE])(
  "exec's move of a stack to end at %i, and the migration of a page of it",
  async (top) => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const a = kernel.spawn();
    const start = scheduler.save();
    // Which page that will be is known from having been there.
    a.exec({ stack: { pages: 2, top } });
    const handle = Page.handleOf(kernel.context, a.pageAt(top - PAGE)!, "pageAt", "page");
    scheduler.restore(start);
    const page = new Page(kernel.context, handle);
    const migrate = scheduler.actor("migrate", (batch) => batch.migratePage(page));
    const exec = scheduler.actor("exec", (batch) => batch.exec(a, { stack: { pages: 2, top } }));
    const results = new Set<number>();
    const look = (): void => {
      results.add(migrate.batch.result(0));
      expect([a.read(top - PAGE), a.read(top - 2 * PAGE)]).toEqual([1, 2]);
    };
    interrupt(scheduler, exec, migrate, look);
    interrupt(scheduler, migrate, exec, look);
    // Not there yet, busy while the marks are there, moved once they are gone.
    expect(results).toEqual(new Set([-116, 1, 0]));
    kernel.dispose();
  },
);
