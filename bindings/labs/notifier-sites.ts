// Every place where a kernel path tells clients of a change, brought about by calls of the API: what the lab of the
// notifier calls looks at, and its tests.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import type { MachineOptions } from "./lab.js";

const PAGE = 4096;
/** Small pages of a huge one. */
const HUGE = 512;
/** Page 0: a huge page may begin there. */
export const SITE_BASE = 0x200000000000;

/** A change of which clients are told. */
export interface NotifierSite {
  readonly name: string;
  /** The function of the kernel that calls them; several changes can come to one. */
  readonly place: string;
  /** Does the commit move its calls? */
  readonly moved: boolean;
  readonly machine: MachineOptions;
  /** Makes what there is before the change; the clients come then, to `process`, and the change is what it returns. */
  prepare(kernel: Kernel, process: Process): () => unknown;
}

const small: MachineOptions = { frames: 64 };
const huge: MachineOptions = { frames: 5 * HUGE - 1, transparentHugepage: "always" };
const pool: MachineOptions = { frames: 4 * HUGE + 64, hugePages: 3 };

function at(page: number): number {
  return SITE_BASE + page * PAGE;
}

function pageAt(process: Process, page: number): Page {
  const found = process.pageAt(at(page));
  if (found === null) throw new Error(`nothing is present at page ${page}`);
  return found;
}

/** Private pages with these words. */
function fill(process: Process, words: readonly number[], hugetlb = false): void {
  const length = (hugetlb ? HUGE : words.length) * PAGE;
  process.mmap({ address: SITE_BASE, length, fixed: true, hugetlb });
  for (const [i, word] of words.entries()) process.write(at(i), word);
}

/** A process whose child shares a huge page with it. */
function sharedHugePage(process: Process): void {
  process.mmap({ address: SITE_BASE, length: HUGE * PAGE, fixed: true });
  process.write(SITE_BASE, 1);
  process.fork();
}

/** All sites, those whose calls the commit moved first. */
export const notifierSites: readonly NotifierSite[] = [
  {
    name: "page_mkclean",
    place: "page_mkclean_one",
    moved: true,
    machine: small,
    prepare(kernel, process) {
      const file = kernel.createFile({ pages: 1 });
      process.mmap({ address: SITE_BASE, length: PAGE, fixed: true, file, shared: true });
      process.write(SITE_BASE, 1);
      return () => kernel.pageMkclean(pageAt(process, 0));
    },
  },
  {
    name: "try_to_unmap",
    place: "try_to_unmap_one",
    moved: true,
    machine: small,
    prepare(kernel, process) {
      fill(process, [1]);
      return () => kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true });
    },
  },
  {
    name: "try_to_unmap for a migration",
    place: "try_to_unmap_one",
    moved: true,
    machine: small,
    prepare(kernel, process) {
      fill(process, [1]);
      return () => kernel.migratePage(pageAt(process, 0));
    },
  },
  {
    name: "try_to_unmap of a huge page of the pool",
    place: "try_to_unmap_one",
    moved: true,
    machine: pool,
    prepare(kernel, process) {
      fill(process, [1], true);
      return () => kernel.migratePage(pageAt(process, 0));
    },
  },
  {
    name: "try_to_unmap_cluster",
    place: "try_to_unmap_cluster",
    moved: true,
    machine: small,
    prepare(kernel, process) {
      const file = kernel.createFile({ pages: 2, kind: "tmpfs", word: 50 });
      process.mmap({ address: SITE_BASE, length: 2 * PAGE, fixed: true, file, shared: true });
      for (let i = 0; i < 2; i++) process.remapFilePages(at(i), PAGE, 1 - i);
      const unmap = (): unknown => kernel.tryToUnmap(pageAt(process, 0), { ignoreAccess: true });
      // The first time all entries are young: they are made old, and stay.
      unmap();
      return unmap;
    },
  },
  {
    name: "do_wp_page",
    place: "do_wp_page",
    moved: true,
    machine: small,
    prepare(_kernel, process) {
      fill(process, [1]);
      process.fork();
      return () => {
        process.write(SITE_BASE, 2);
      };
    },
  },
  {
    name: "KSM write-protects a page",
    place: "write_protect_page",
    moved: true,
    machine: small,
    prepare(kernel, process) {
      fill(process, [7, 7]);
      process.madvise(SITE_BASE, 2 * PAGE, "mergeable");
      kernel.ksm.scan();
      return () => kernel.ksm.scan();
    },
  },
  {
    name: "KSM replaces a page",
    place: "replace_page",
    moved: true,
    machine: { ...small, swap: 8 },
    prepare(kernel, process) {
      fill(process, [7, 7, 7]);
      process.madvise(SITE_BASE, 2 * PAGE, "mergeable");
      kernel.ksm.settle();
      // Read back from swap it is neither dirty nor writable: nothing is to be protected.
      kernel.shrinkPage(pageAt(process, 2), { force: true });
      process.read(at(2));
      process.madvise(at(2), PAGE, "mergeable");
      return () => kernel.ksm.scan();
    },
  },
  {
    name: "hugetlb_cow",
    place: "hugetlb_cow",
    moved: true,
    machine: pool,
    prepare(_kernel, process) {
      fill(process, [1], true);
      process.fork();
      return () => {
        process.write(SITE_BASE, 2);
      };
    },
  },
  {
    name: "do_huge_pmd_wp_page",
    place: "do_huge_pmd_wp_page",
    moved: true,
    machine: huge,
    prepare(_kernel, process) {
      sharedHugePage(process);
      return () => {
        process.write(SITE_BASE, 2);
      };
    },
  },
  {
    name: "do_huge_pmd_wp_page, to small pages",
    place: "do_huge_pmd_wp_page_fallback",
    moved: true,
    machine: { ...huge, frames: 2 * HUGE + 100 },
    prepare(_kernel, process) {
      sharedHugePage(process);
      return () => {
        process.write(SITE_BASE, 2);
      };
    },
  },
  {
    name: "collapse_huge_page",
    place: "collapse_huge_page",
    moved: true,
    machine: { ...huge, transparentHugepage: "madvise" },
    prepare(_kernel, process) {
      process.mmap({ address: SITE_BASE, length: HUGE * PAGE, fixed: true });
      for (const page of [0, 4]) process.write(at(page), page);
      process.madvise(SITE_BASE, HUGE * PAGE, "hugepage");
      return () => process.collapse(SITE_BASE);
    },
  },
  {
    name: "split_huge_page",
    place: "__split_huge_page_splitting",
    moved: true,
    machine: huge,
    prepare(kernel, process) {
      process.mmap({ address: SITE_BASE, length: HUGE * PAGE, fixed: true });
      process.write(SITE_BASE, 1);
      return () => kernel.splitHugePage(pageAt(process, 0));
    },
  },
  {
    name: "fork",
    place: "copy_page_range",
    moved: false,
    machine: small,
    prepare(_kernel, process) {
      fill(process, [1]);
      return () => process.fork();
    },
  },
  {
    name: "mremap",
    place: "move_page_tables",
    moved: false,
    machine: small,
    prepare(_kernel, process) {
      fill(process, [1]);
      return () => process.mremap(SITE_BASE, PAGE, PAGE, { to: at(8) });
    },
  },
  {
    name: "mprotect",
    place: "mprotect_fixup",
    moved: false,
    machine: small,
    prepare(_kernel, process) {
      fill(process, [1]);
      return () => {
        process.mprotect(SITE_BASE, PAGE, "r");
      };
    },
  },
  {
    name: "munmap",
    place: "unmap_vmas",
    moved: false,
    machine: small,
    prepare(_kernel, process) {
      fill(process, [1]);
      return () => {
        process.munmap(SITE_BASE, PAGE);
      };
    },
  },
  {
    name: "munmap of a huge page of the pool",
    place: "__unmap_hugepage_range",
    moved: false,
    machine: pool,
    prepare(_kernel, process) {
      fill(process, [1], true);
      return () => {
        process.munmap(SITE_BASE, HUGE * PAGE);
      };
    },
  },
  {
    name: "truncate",
    place: "zap_page_range_single",
    moved: false,
    machine: small,
    prepare(kernel, process) {
      const file = kernel.createFile({ pages: 1 });
      process.mmap({ address: SITE_BASE, length: PAGE, fixed: true, file, shared: true });
      process.write(SITE_BASE, 1);
      return () => {
        file.truncate(0);
      };
    },
  },
  {
    name: "remap_file_pages",
    place: "remap_file_pages",
    moved: false,
    machine: small,
    prepare(kernel, process) {
      const file = kernel.createFile({ pages: 2, kind: "tmpfs" });
      process.mmap({ address: SITE_BASE, length: 2 * PAGE, fixed: true, file, shared: true });
      process.write(SITE_BASE, 1);
      return () => {
        process.remapFilePages(SITE_BASE, PAGE, 1);
      };
    },
  },
  {
    name: "page_referenced",
    place: "page_referenced_one",
    moved: false,
    machine: small,
    prepare(kernel, process) {
      fill(process, [1]);
      return () => kernel.pageReferenced(pageAt(process, 0));
    },
  },
];
