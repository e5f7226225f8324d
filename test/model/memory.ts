import { Cgroups, type Cgroup } from "./cgroup.js";
import { noEvents } from "./events.js";
import type { Inode } from "./file.js";
import type { Page } from "./page.js";
import { Swap } from "./swap.js";
import { SwapToken } from "./swap-token.js";

/** The order in which a walk meets VMAs. */
export type WalkOrder = "list" | "interval-tree";

/** All, those with the pgoff that the place's address would be, or those with the one that the place had when it came to share. */
export type KsmWalk = "all-vmas" | "shifted-address" | "exact-index";

/** When devices hear of a change: while others wait for the entry, around the change, or around each look at an entry too. */
export type Telling = "inside" | "outside" | "ranges";

/** Where huge pages are made. */
export type HugePages = "always" | "madvise" | "never";

/** What all pages of a machine have in common. */
export class Memory {
  readonly events = noEvents();
  readonly cgroups = new Cgroups(this.events);
  readonly swap: Swap;
  readonly token: SwapToken;
  /** Files find their VMAs as before v3.7. */
  prioTrees = false;
  /** While true, what is written stays under writeback. */
  ioHeld = false;
  /** Frames that are known to be broken. */
  broken = 0;
  /** Which VMAs a tree is asked for on behalf of a page that KSM shares. */
  ksmWalk: KsmWalk = "all-vmas";
  telling: Telling = "outside";
  /** fork's child may have an anon_vma of its parent's that is deserted. */
  reusesAnonVmas = false;
  /** Files that somebody has open or maps. */
  readonly inodes = new Set<Inode>();
  /** Pages under writeback. */
  readonly writing = new Set<Page>();
  /** Pages with PG_mlocked. */
  readonly mlocked = new Set<Page>();
  /** PG_mlocked goes when a page leaves its file, and not with its last mapping. */
  mlockOutlivesMappings = false;
  /** Entries that migration restores in locked VMAs mlock the page again. */
  migrationRestoresMlock = false;
  /** Whatever file a page is of, a changed key makes it dirty. */
  keysDirtyAnyFile = false;
  /** Dirty pages of disks that were written and had no buffers. */
  buffersMissing = 0;

  constructor(
    readonly walkOrder: WalkOrder,
    swapPages: number,
    /** An s390x: what was used and changed is noted of pages, and not of entries. */
    readonly hasStorageKeys = false,
    readonly hugePages: HugePages = "madvise",
    /** Enough frames in a row for a huge page can be had. */
    readonly hasRows = true,
    hasSwapToken = false,
  ) {
    this.token = new SwapToken(hasSwapToken);
    this.swap = new Swap();
    if (swapPages > 0) this.swap.add(swapPages, -1);
  }

  /** Notices pages that went, mlocked as they were. */
  forgetMlockFreed(): void {
    for (const page of this.mlocked) {
      if (page.references > 0) continue;
      page.mlocked = false;
      this.events.unevictable_pgs_mlockfreed++;
    }
  }

  get root(): Cgroup {
    return this.cgroups.root;
  }

  /** Lets I/O go: everything that is being written is written then. */
  releaseIo(): void {
    this.ioHeld = false;
    for (const { lists } of this.cgroups.living) {
      for (const list of ["inactiveAnon", "inactiveFile"] as const) {
        for (const page of lists.someOldest(list, Infinity)) {
          if (!page.writeback) continue;
          const { wanted } = page;
          page.endWriteback();
          if (wanted) lists.rotate(page);
        }
      }
    }
    for (const page of [...this.writing]) page.endWriteback();
  }
}
