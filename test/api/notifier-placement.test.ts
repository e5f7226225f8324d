// Where in a change clients are told of it, with the locks that are held then (spec/commits.md section 2): before the
// commit under the page-table lock, after it outside; and as ranges instead of single pages.

import { describe, expect, test } from "vitest";
import { createKernel, type KernelOptions, type Switches } from "../../bindings/index.js";
import { toldAt, toldWords } from "../../bindings/labs/notifier-log.js";
import { notifierSites, SITE_BASE, type NotifierSite } from "../../bindings/labs/notifier-sites.js";
import { codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, mergeable } from "./machine.js";
import { NotifierLog } from "./notifier-log.js";

type Values = Partial<Pick<Switches, "notifierCalls" | "invalidatePage">>;

const before: Values = { notifierCalls: "under-ptl" };
const after: Values = { notifierCalls: "outside-ptl" };
const ranges: Values = { invalidatePage: "range" };

const ptl = "page-table lock";
const file = "page lock, i_mmap_mutex";
const anon = "page lock, anon_vma mutex";
const migration = "page lock, page lock, anon_vma mutex";
const ksm = "ksm_thread_mutex, mmap_sem, page lock";
const pool = "mmap_sem, hugetlb_instantiation_mutex, page lock";

/** Around one page, outside: as "start 0", "end 0". */
function pair(pages: string, locks: string, last: string): [string, string] {
  return [
    `start ${pages}, entry old, under ${locks}`,
    `end ${pages}, entry ${last}, under ${locks}`,
  ];
}

/** A change inside its range. */
function changed(page: number, locks: string, last: string): string[] {
  const [start, end] = pair(`${page}`, locks, last);
  return [start, `change ${page}, entry absent, under ${locks}, ${ptl}`, end];
}

interface Told {
  readonly before: string[];
  readonly after: string[];
  /** Where invalidatePage "range" differs from that. */
  readonly ranges?: string[];
}

const told: Readonly<Record<string, Told>> = {
  page_mkclean: {
    before: [`page 0, entry absent, under ${file}, ${ptl}`],
    after: [`page 0, entry new, under ${file}`],
    ranges: pair("0", file, "new"),
  },
  try_to_unmap: {
    before: [`page 0, entry absent, under ${anon}, ${ptl}`],
    after: [`page 0, entry absent, under ${anon}`],
    ranges: pair("0", anon, "absent"),
  },
  "try_to_unmap for a migration": {
    before: [`page 0, entry absent, under ${migration}, ${ptl}`],
    after: [`page 0, entry absent, under ${migration}`],
    ranges: pair("0", migration, "absent"),
  },
  "try_to_unmap of a huge page of the pool": {
    before: [`page 0-511, entry absent, under ${migration}, ${ptl}`],
    after: [`page 0-511, entry absent, under ${migration}`],
    ranges: pair("0-511", migration, "absent"),
  },
  try_to_unmap_cluster: {
    before: [
      `young 0, entry old, under ${file}, ${ptl}`,
      `page 0, entry absent, under ${file}, ${ptl}`,
      `young 1, entry old, under ${file}, ${ptl}`,
      `page 1, entry absent, under ${file}, ${ptl}`,
    ],
    after: [
      `start 0-1, entry old, under ${file}`,
      `young 0, entry old, under ${file}, ${ptl}`,
      `young 1, entry old, under ${file}, ${ptl}`,
      `end 0-1, entry absent, under ${file}`,
    ],
  },
  do_wp_page: {
    before: [`change 0, entry absent, under mmap_sem, ${ptl}`],
    after: changed(0, "mmap_sem", "new"),
  },
  "KSM write-protects a page": {
    before: [1, 0, 0].map((page) => `change ${page}, entry absent, under ${ksm}, ${ptl}`),
    after: [
      ...changed(1, ksm, "new"),
      ...changed(0, ksm, "new"),
      // The first page is protected by now, and put in the second's place.
      ...changed(0, ksm, "new").map((line) => line.replace("entry old", "entry new")),
    ],
  },
  "KSM replaces a page": {
    before: [`change 2, entry absent, under ${ksm}, ${ptl}`],
    after: [...pair("2", ksm, "old"), ...changed(2, ksm, "new")],
  },
  hugetlb_cow: {
    before: pair("0-511", `${pool}, ${ptl}`, "new"),
    after: pair("0-511", pool, "new"),
  },
  do_huge_pmd_wp_page: {
    before: pair("0-511", `mmap_sem, ${ptl}`, "absent"),
    after: pair("0-511", "mmap_sem", "new"),
  },
  "do_huge_pmd_wp_page, to small pages": {
    before: pair("0-511", `mmap_sem, ${ptl}`, "absent"),
    after: pair("0-511", "mmap_sem", "new"),
  },
  collapse_huge_page: {
    before: pair("0-511", `mmap_sem, anon_vma mutex, ${ptl}`, "absent"),
    after: pair("0-511", "mmap_sem, anon_vma mutex", "absent"),
  },
  split_huge_page: {
    before: pair("0-511", `anon_vma mutex, ${ptl}`, "old"),
    after: pair("0-511", "anon_vma mutex", "old"),
  },
  fork: unmoved(pair("0", "mmap_sem, mmap_sem", "new")),
  mremap: unmoved([
    ...pair("0", "mmap_sem", "absent"),
    // What is left of the old place is unmapped.
    "start 0, entry absent, under mmap_sem",
    "end 0, entry absent, under mmap_sem",
  ]),
  mprotect: unmoved(pair("0", "mmap_sem", "new")),
  munmap: unmoved(pair("0", "mmap_sem", "absent")),
  "munmap of a huge page of the pool": unmoved([
    // unmap_vmas, and inside it what is common to all ways in which such pages go.
    "start 0-511, entry old, under mmap_sem",
    ...pair("0-511", "mmap_sem, i_mmap_mutex", "absent"),
    "end 0-511, entry absent, under mmap_sem",
  ]),
  truncate: unmoved([
    ...pair("0", "inode mutex, i_mmap_mutex", "absent"),
    // Once more, for private copies of pages that were faulted in meanwhile.
    "start 0, entry absent, under inode mutex, i_mmap_mutex",
    "end 0, entry absent, under inode mutex, i_mmap_mutex",
  ]),
  remap_file_pages: unmoved(pair("0", "mmap_sem", "absent")),
  page_referenced: unmoved([`young 0, entry old, under anon_vma mutex, ${ptl}`]),
};

function unmoved(lines: string[]): Told {
  return { before: lines, after: lines };
}

async function toldBy(site: NotifierSite, values: Values): Promise<string[]> {
  const kernel = await createKernel({ build: "checked", ...site.machine, ...values });
  const calls = toldAt(kernel, site);
  expectHealthy(kernel);
  return calls.map(toldWords);
}

describe.each(notifierSites)("$name", (site) => {
  const expected = told[site.name]!;

  test("is told of under the page-table lock before the commit, outside it after", async () => {
    expect(await toldBy(site, before)).toEqual(expected.before);
    expect(await toldBy(site, after)).toEqual(expected.after);
    expect(await toldBy(site, ranges)).toEqual(expected.ranges ?? expected.after);
    expect(site.moved).toBe(expected.before.join() !== expected.after.join());
  });

  /** A network card comes, and sleeps in all that it is told of. */
  async function sleeping(values: KernelOptions): Promise<string> {
    const kernel = await createKernel({ build: "checked", ...site.machine, ...values });
    const process = kernel.spawn();
    const change = site.prepare(kernel, process);
    process.registerNotifier({ model: "rdma" });
    const code = codeOf(change);
    if (code === "") expectHealthy(kernel);
    return code;
  }

  test("lets a client sleep only where it is told outside the page-table lock", async () => {
    expect(await sleeping(before)).toBe(site.moved ? "BUG" : "");
    expect(await sleeping(after)).toBe("");
    expect(await sleeping(ranges)).toBe("");
  });
});

test("all sites are looked at", () => {
  expect(notifierSites.map(({ name }) => name)).toEqual(Object.keys(told));
});

test("a sleep under the page-table lock is named, with what the lock was taken for", async () => {
  const { process } = await machine(before);
  lay(process, 0, 1);
  process.write(SITE_BASE, 1);
  process.fork();
  process.registerNotifier({ model: "rdma" });
  expect(() => process.write(SITE_BASE, 2)).toThrow(
    /sleeps while it holds a spinlock.*page-table lock.*write fault on a protected page/,
  );
});

test("without change_pte a client hears of one page in its place before the commit, and of a range alone after it", async () => {
  const site = notifierSites.find(({ name }) => name === "do_wp_page")!;
  const lines = async (values: Values): Promise<string[]> => {
    const kernel = await createKernel({ build: "checked", ...site.machine, ...values });
    return toldAt(kernel, site, { changePte: false }).map(toldWords);
  };
  expect(await lines(before)).toEqual([`page 0, entry absent, under mmap_sem, ${ptl}`]);
  expect(await lines(after)).toEqual(pair("0", "mmap_sem", "new"));
});

describe("what is told of needlessly", () => {
  test("try_to_munlock tells of entries that it leaves alone only where it tells after the unlock", async () => {
    const lines = async (values: Values): Promise<string[]> => {
      const { kernel, process } = await machine(values);
      lay(process, 0, 1);
      process.write(SITE_BASE, 1);
      const log = new NotifierLog(process);
      expect(kernel.tryToUnmap(pageAt(process, 0), { action: "munlock" })).toBe("again");
      return log.take();
    };
    expect(await lines(before)).toEqual([]);
    expect(await lines(after)).toEqual(["page 0"]);
    expect(await lines(ranges)).toEqual([]);
  });

  test("an entry that is young, or in a locked VMA, is a range though it stays", async () => {
    const lines = async (values: Values, locked: boolean): Promise<string[]> => {
      const { kernel, process } = await machine(values);
      lay(process, 0, 1);
      process.write(SITE_BASE, 1);
      if (locked) process.mlock(SITE_BASE, PAGE);
      const log = new NotifierLog(process);
      expect(kernel.tryToUnmap(pageAt(process, 0))).toBe(locked ? "mlock" : "fail");
      return log.take();
    };
    for (const values of [before, after]) {
      expect(await lines(values, false)).toEqual(["young 0"]);
      expect(await lines(values, true)).toEqual([]);
    }
    expect(await lines(ranges, false)).toEqual(["start 0-1", "young 0", "end 0-1"]);
    expect(await lines(ranges, true)).toEqual(["start 0-1", "end 0-1"]);
  });

  test("page_mkclean of a clean entry is a range, and nothing otherwise", async () => {
    const lines = async (values: Values): Promise<string[]> => {
      const { kernel, process } = await machine(values);
      lay(process, 0, 1, { file: kernel.createFile({ pages: 1 }), shared: true });
      process.read(SITE_BASE);
      const log = new NotifierLog(process);
      expect(kernel.pageMkclean(pageAt(process, 0))).toBe(0);
      return log.take();
    };
    expect(await lines(before)).toEqual([]);
    expect(await lines(after)).toEqual([]);
    expect(await lines(ranges)).toEqual(["start 0-1", "end 0-1"]);
  });

  test("KSM tells of a range also when it can't protect the page; before the commit of nothing", async () => {
    const lines = async (values: Values): Promise<string[]> => {
      const { kernel, process } = await machine(values);
      mergeable(process, 0, [7, 7]);
      for (const page of [0, 1]) kernel.pin(pageAt(process, page));
      const log = new NotifierLog(process);
      kernel.ksm.scan();
      kernel.ksm.scan();
      return log.take();
    };
    expect(await lines(before)).toEqual([]);
    expect(await lines(after)).toEqual(["start 1-2", "end 1-2"]);
  });
});

test("an entry that can't be swapped out and is put back was told of before the commit, and not after it", async () => {
  const told = async (values: Values): Promise<number> => {
    const { kernel, process } = await machine({ ...values, frames: 2 });
    fill(process, 0, 1);
    // The 63rd swap entry of a slot takes a frame to count it, and there is none.
    const family = [process, ...Array.from({ length: 62 }, () => process.fork())];
    fill(kernel.spawn(), 0, 1);
    const logs = family.map((one) => new NotifierLog(one));
    expect(kernel.shrinkPage(pageAt(process, 0), { force: true })).not.toBe("reclaimed");
    expect(pageAt(family.at(-1)!, 0).mapcount).toBe(1);
    expectHealthy(kernel);
    return logs.flatMap((log) => log.take()).length;
  };
  expect(await told(before)).toBe(63);
  expect(await told(after)).toBe(62);
});

test("ranges for single pages are impossible under the page-table lock", async () => {
  await expect(
    createKernel({ notifierCalls: "under-ptl", invalidatePage: "range" }),
  ).rejects.toThrow('invalidatePage "range" is impossible with notifierCalls "under-ptl"');
  await expect(createKernel({ release: "v3.6", invalidatePage: "range" })).rejects.toThrow(
    'invalidatePage "range" is impossible with notifierCalls "under-ptl"',
  );
});

describe("kernel.heldLocks", () => {
  test("is empty between operations, and null in a build without locks", async () => {
    const { kernel } = await machine();
    expect(kernel.heldLocks).toEqual([]);
    const release = await createKernel({ build: "release", frames: 64 });
    expect(release.heldLocks).toBeNull();
  });

  test("says in a callback what is held, and what for", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    process.write(SITE_BASE, 1);
    const seen: unknown[] = [];
    process.registerNotifier({ invalidateRangeStart: () => seen.push(kernel.heldLocks) });
    process.munmap(SITE_BASE, PAGE);
    expect(seen).toEqual([
      [{ lock: "mmap_sem", doing: "a system call changes the address space" }],
    ]);
  });
});
