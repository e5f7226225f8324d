// PG_mlocked up to v3.6, page_evictable with a VMA, and the mark that migration restores.

const mlock = "assembly/rmap/mlock.ts";
const file = "assembly/mm/file.ts";
const frame = "assembly/struct/page-frame.ts";
const entry = "assembly/rmap/migration-entry.ts";

export default {
  group: "mlock before v3.7",
  tests: ["test/api/clear-mlock", "test/api/page-evictable"],
  breaks: [
    {
      rule: "up to v3.6 the last unmap leaves the mark",
      file: "assembly/rmap/accounting.ts",
      from: "pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {",
      to: "pageTest(frame, PageFlag.Mlocked)) {",
    },
    {
      rule: "from v3.7 on it clears the mark",
      file: "assembly/rmap/accounting.ts",
      from: "pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {",
      to: "pageTest(frame, PageFlag.Mlocked) && !lastUnmapClearsMlock()) {",
    },
    {
      rule: "PG_mlocked goes after the last mapping, not before: who maps the page still keeps it",
      file: "assembly/rmap/accounting.ts",
      from: "  if (mapcount < 0 && pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {",
      to: "  if (pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {",
    },
    {
      rule: "PG_mlocked goes when the bracket of memcg statistics has ended, as LRU work is none for inside of move_lock",
      tests: ["test/explore/mlock-races"],
      file: "assembly/rmap/accounting.ts",
      from: "  if (bracketed) endUpdatePageStat(frame, locked);\n  if (mapcount < 0 && pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {\n    clearPageMlock(frame);\n  }\n",
      to: "  if (mapcount < 0 && pageTest(frame, PageFlag.Mlocked) && lastUnmapClearsMlock()) {\n    clearPageMlock(frame);\n  }\n  if (bracketed) endUpdatePageStat(frame, locked);\n",
    },
    {
      rule: "up to v3.6 a page that leaves its file loses the mark",
      file,
      from: "  clearCachedPageMlock(frame);\n  lock(treeLock",
      to: "  lock(treeLock",
    },
    {
      rule: "so does one that is idle, whether it can leave or not",
      file,
      from: "  clearCachedPageMlock(frame);\n  return removeFromPageCache",
      to: "  return removeFromPageCache",
    },
    {
      rule: "a page that is freed with the mark is counted as that",
      file: frame,
      from: "vmStat(VmStat.UnevictablePgsMlockfreed, 1);",
      to: "",
    },
    {
      rule: "and no longer in NR_MLOCK, with all of its pages",
      file: frame,
      from: "vmStat(VmStat.NrMlock, -pageSize(frame));",
      to: "vmStat(VmStat.NrMlock, -1);",
    },
    {
      rule: "from v3.7 on a page is not freed with the mark",
      tests: ["test/check/mlock", "test/api/vmstat"],
      file: mlock,
      from: "return header().clearMlock == <u32>ClearMlock.OnLastUnmap;",
      to: "return false;",
    },
    {
      rule: "up to v3.6 migration takes the mark along",
      file: "assembly/mm/migrate.ts",
      from: "if (pageTestAndClear(frame, PageFlag.Mlocked)) pageSet(target, PageFlag.Mlocked);",
      to: "pageTestAndClear(frame, PageFlag.Mlocked);",
    },
    {
      rule: "migration leaves the old page without it",
      file: "assembly/mm/migrate.ts",
      from: "if (pageTestAndClear(frame, PageFlag.Mlocked)) pageSet(target, PageFlag.Mlocked);",
      to: "if (pageTest(frame, PageFlag.Mlocked)) pageSet(target, PageFlag.Mlocked);",
    },
    {
      rule: "up to v3.6 an unmap that finds no mapping left leaves the mark that it has set",
      tests: ["test/explore/mlock-races"],
      file: "assembly/rmap/unmap-one.ts",
      from: "if (!pageMapped(frame) && lastUnmapClearsMlock()) {",
      to: "if (!pageMapped(frame)) {",
    },
    {
      rule: "where it is repaired, an entry that is restored in a locked VMA mlocks the page",
      file: entry,
      from: "header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked",
      to: "false",
    },
    {
      rule: "one in another VMA does not",
      file: entry,
      from: "header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked",
      to: "header().migrationMlock == <u32>MigrationMlock.Restored",
    },
    {
      rule: "v3.7 does not mlock it again",
      file: entry,
      from: "header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked",
      to: "vma.flags & VmFlag.Locked",
    },
    {
      rule: "page_evictable with a VMA mlocks a page of a locked one",
      file: mlock,
      from: "return pageEvictable(frame) && !mlockedVmaNewpage(vma, frame);",
      to: "return pageEvictable(frame);",
    },
    {
      rule: "page_evictable of v3.7 changes nothing",
      file: mlock,
      from: "  return pageEvictable(frame);\n}\n\n/** Does the last unmap",
      to: "  return pageEvictableIn(frame, vma);\n}\n\n/** Does the last unmap",
    },
    {
      rule: "a new page is mlocked by who adds it, where page_evictable does not do it",
      file: mlock,
      from: "return !mlockedVmaNewpage(vma, frame);",
      to: "return pageEvictable(frame);",
    },
    {
      rule: "page_evictable looks at the page's own marks first",
      file: "assembly/mm/page-operation.ts",
      from: "if (!vma) return pageEvictable(frame) ? 1 : 0;",
      to: "if (!vma) return 1;",
    },
    {
      rule: "only a page that is on no list is asked for as a new one",
      file: "assembly/mm/page-operation.ts",
      from: "if (pageTest(frame, PageFlag.Lru)) return -Errno.EBUSY;",
      to: "",
    },
    {
      rule: "I6 holds from v3.7 on alone",
      tests: ["test/check/mlock"],
      file: "assembly/check/frames.ts",
      from: "if (!entries && mappedIfMlocked) violated",
      to: "if (!entries) violated",
    },
  ],
};
