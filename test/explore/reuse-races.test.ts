// fork takes over an anon_vma that nobody calls its own any more, while others walk it or leave it: the invariants
// hold wherever the one comes into the other's way.

import { expect } from "vitest";
import type { Page, Process } from "../../bindings/index.js";
import { BASE, fill, PAGE, type Ground } from "./ground.js";
import { race } from "./race.js";

const options = { anonVmaReuse: "low-degree" } as const;

interface Deserted {
  /** Whose next child takes over what its parent has left. */
  readonly last: Process;
  /** Written by the parent that is gone, and mapped by `last` alone. */
  readonly page: Page;
}

function desert({ a }: Ground): Deserted {
  fill(a, 4);
  const parent = a.fork();
  parent.write(BASE, 99);
  const last = parent.fork();
  const page = last.pageAt(BASE)!;
  parent.exit();
  return { last, page };
}

race(
  "a fork that takes an anon_vma over and a walk of it",
  (ground) => {
    const { last, page } = desert(ground);
    return [(batch) => batch.fork(last), (batch) => batch.pageReferenced(page)];
  },
  options,
);

race(
  "a fork that takes an anon_vma over and the migration of a page of it",
  (ground) => {
    const { last, page } = desert(ground);
    return [
      (batch) => batch.fork(last),
      (batch) => batch.migratePage(page),
      () => {
        expect(last.read(BASE)).toBe(99);
      },
    ];
  },
  options,
);

race(
  "a fork that takes an anon_vma over and the end of another child that has it in its chain",
  (ground) => {
    const { last } = desert(ground);
    const child = last.fork();
    const other = last.fork();
    return [(batch) => batch.fork(child), (batch) => batch.exit(other)];
  },
  options,
);

race(
  "two forks that would take over the same anon_vma: one of them does",
  (ground) => {
    const { last } = desert(ground);
    const child = last.fork();
    last.exit();
    // What `last` had taken over is deserted again, and in the chains of both.
    const { kernel } = ground.scheduler;
    const sibling = child.fork();
    child.mprotect(BASE, PAGE, "r");
    return [
      (batch) => batch.fork(child),
      (batch) => batch.fork(sibling),
      () => {
        expect(kernel.anonVmaCount).toBeGreaterThan(2);
      },
    ];
  },
  options,
);
