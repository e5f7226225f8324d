// Pairs of kernel paths that meet at one page (race.ts).

import { expect } from "vitest";
import { BASE, mapFile, PAGE, share } from "./ground.js";
import { race } from "./race.js";

race("two readers of a file page that is not cached", (ground) => {
  mapFile(ground, true);
  return [(batch) => batch.read(ground.a, BASE), (batch) => batch.read(ground.b, BASE)];
});

race("a private write and a truncation", (ground) => {
  const file = mapFile(ground, false);
  return [(batch) => batch.write(ground.a, BASE + PAGE, 5), (batch) => batch.truncate(file, 1)];
});

race("a shared read and a truncation to nothing", (ground) => {
  const file = mapFile(ground, true);
  return [(batch) => batch.read(ground.a, BASE), (batch) => batch.truncate(file, 0)];
});

race("a shared write to a mapped page and a truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  return [(batch) => batch.write(ground.a, BASE, 5), (batch) => batch.truncate(file, 0)];
});

race("page_referenced of a file page and its truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  ground.b.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.pageReferenced(page), (batch) => batch.truncate(file, 0)];
});

race("page_mkclean and a write that makes the page dirty again", (ground) => {
  mapFile(ground, true);
  ground.a.write(BASE, 1);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.pageMkclean(page), (batch) => batch.write(ground.b, BASE, 2)];
});

race("page_referenced of an anonymous page and its last unmap", (ground) => {
  const { child, page } = share(ground);
  child.exit();
  return [(batch) => batch.pageReferenced(page), (batch) => batch.munmap(ground.a, BASE, 4 * PAGE)];
});

race("a copy on write and the exit of the other owner", (ground) => {
  const { child } = share(ground);
  return [(batch) => batch.write(ground.a, BASE + PAGE, 5), (batch) => batch.exit(child)];
});

race("a copy on write and an unmap in the same process", (ground) => {
  share(ground);
  return [
    (batch) => batch.write(ground.a, BASE + PAGE, 5),
    (batch) => batch.munmap(ground.a, BASE, 4 * PAGE),
  ];
});

race("two copies on write of one page", (ground) => {
  const { child } = share(ground);
  return [
    (batch) => batch.write(ground.a, BASE + PAGE, 5),
    (batch) => batch.write(child, BASE + PAGE, 6),
  ];
});

race("a fork and a reclaim", (ground) => {
  const { page } = share(ground);
  return [(batch) => batch.fork(ground.a), (batch) => batch.tryToUnmap(page)];
});

race("a swap-in and a reclaim", (ground) => {
  const { page, child } = share(ground);
  expect(ground.scheduler.kernel.tryToUnmap(page)).toBe("success");
  return [(batch) => batch.write(child, BASE + PAGE, 6), (batch) => batch.tryToUnmap(page)];
});

race("an mmap and the exit of its process", (ground) => {
  share(ground);
  return [(batch) => batch.mmap(ground.a, { length: PAGE }), (batch) => batch.exit(ground.a)];
});

race("a first write and an unmap of its place", ({ a }) => {
  a.mmap({ address: BASE, length: 2 * PAGE, fixed: true });
  a.write(BASE + PAGE, 1);
  return [(batch) => batch.write(a, BASE, 1), (batch) => batch.munmap(a, BASE, PAGE)];
});

race("a first write and the exit of its process", (ground) => {
  ground.a.mmap({ address: BASE, length: PAGE, fixed: true });
  return [(batch) => batch.write(ground.a, BASE, 1), (batch) => batch.exit(ground.a)];
});

race("two first writes to one page", ({ a }) => {
  const thread = a.fork({ shareMemory: true });
  a.mmap({ address: BASE, length: PAGE, fixed: true });
  return [(batch) => batch.write(a, BASE, 1), (batch) => batch.write(thread, BASE, 2)];
});

race("two first writes to neighbours that may share an anon_vma", (ground) => {
  const { a } = ground;
  const thread = a.fork({ shareMemory: true });
  a.mmap({ address: BASE, length: PAGE, fixed: true });
  a.mmap({ address: BASE + PAGE, length: PAGE, prot: "rwx", fixed: true });
  return [(batch) => batch.write(a, BASE, 1), (batch) => batch.write(thread, BASE + PAGE, 2)];
});

race("a migration and a write", (ground) => {
  const { page, child } = share(ground);
  return [(batch) => batch.migratePage(page), (batch) => batch.write(child, BASE + PAGE, 6)];
});

race("a migration and a fork", (ground) => {
  const { page } = share(ground);
  return [(batch) => batch.migratePage(page), (batch) => batch.fork(ground.a)];
});

// On equal keys a tree has the parent first, as migration must not come to the child before fork has copied to it. New
// bounds put the parent behind: by then the child has its entries.
race("a migration and new bounds that put the parent behind its child", (ground) => {
  const { page } = share(ground);
  return [
    (batch) => batch.migratePage(page),
    (batch) => batch.mremap(ground.a, BASE, 4 * PAGE, 6 * PAGE, { mayMove: false }),
  ];
});

race("a migration and a fork of a parent that is behind its child", (ground) => {
  const { page } = share(ground);
  ground.a.mremap(BASE, 4 * PAGE, 6 * PAGE, { mayMove: false });
  return [(batch) => batch.migratePage(page), (batch) => batch.fork(ground.a)];
});

race("a migration and a move of the page's entry", (ground) => {
  const { page } = share(ground);
  return [
    (batch) => batch.migratePage(page),
    (batch) => batch.mremap(ground.a, BASE, 4 * PAGE, 4 * PAGE, { to: BASE + 64 * PAGE }),
  ];
});

race("a migration and the last unmap", (ground) => {
  const { page, child } = share(ground);
  child.exit();
  return [(batch) => batch.migratePage(page), (batch) => batch.exit(ground.a)];
});

race("a migration of a file page and a truncation", (ground) => {
  const file = mapFile(ground, true);
  ground.a.read(BASE);
  const page = ground.a.pageAt(BASE)!;
  return [(batch) => batch.migratePage(page), (batch) => batch.truncate(file, 0)];
});

race("a reclaim to swap and a write", (ground) => {
  const { page, child } = share(ground);
  return [
    (batch) => batch.shrinkPage(page, { force: true }),
    (batch) => batch.write(child, BASE + PAGE, 6),
  ];
});

race("two reads of what was swapped out", (ground) => {
  const { page, child } = share(ground);
  expect(ground.scheduler.kernel.shrinkPage(page, { force: true })).toBe("reclaimed");
  return [
    (batch) => batch.read(ground.a, BASE + PAGE),
    (batch) => batch.write(child, BASE + PAGE, 6),
  ];
});

race("an mlock and a reclaim", (ground) => {
  const { page } = share(ground);
  return [
    (batch) => batch.mlock(ground.a, BASE, 4 * PAGE),
    (batch) => batch.shrinkPage(page, { force: true }),
  ];
});

race("a munlock and the munlock of another process", (ground) => {
  const { child } = share(ground);
  ground.a.mlock(BASE, 4 * PAGE);
  child.mlock(BASE, 4 * PAGE);
  return [
    (batch) => batch.munlock(ground.a, BASE, 4 * PAGE),
    (batch) => batch.munlock(child, BASE, 4 * PAGE),
  ];
});

race("a munlock and the last unmap elsewhere", (ground) => {
  const { child } = share(ground);
  child.mlock(BASE, 4 * PAGE);
  return [(batch) => batch.munlock(child, BASE, 4 * PAGE), (batch) => batch.exit(ground.a)];
});

race("a writeback and a write through a mapping", (ground) => {
  const file = ground.scheduler.kernel.createFile({ pages: 4, kind: "disk" });
  ground.a.mmap({ address: BASE, length: 4 * PAGE, file, shared: true, fixed: true });
  ground.a.write(BASE, 1);
  return [(batch) => batch.writeback(file), (batch) => batch.write(ground.a, BASE, 2)];
});

race("a write(2) and a truncation", (ground) => {
  const file = mapFile(ground, true);
  return [(batch) => batch.fileWrite(file, 2, 7), (batch) => batch.truncate(file, 1)];
});
