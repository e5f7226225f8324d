const huge = { tests: ["test/explore/notifier-huge-races"] };

export default {
  group: "notifier placement",
  tests: ["test/api/notifier-placement", "test/api/notifier-models"],
  breaks: [
    {
      rule: "a copy on write begins its range before the page-table lock",
      file: "assembly/mm/fault-write-protect.ts",
      from: "  rangeStartOutside(mm, address, address + PAGE_SIZE);\n  ptlLock(pmd, Doing.CopyOnWrite);\n",
      to: "  ptlLock(pmd, Doing.CopyOnWrite);\n  rangeStartOutside(mm, address, address + PAGE_SIZE);\n",
    },
    {
      rule: "a split begins its range before the page_table_lock",
      file: "assembly/rmap/split-huge-page.ts",
      from: "  rangeStartOutside(mm, address, address + PMD_SIZE);\n  pmdLock(mm, Doing.SplitHuge);\n",
      to: "  pmdLock(mm, Doing.SplitHuge);\n  rangeStartOutside(mm, address, address + PMD_SIZE);\n",
    },
    {
      rule: "under the page-table lock a client is told once the entry is cleared",
      file: "assembly/rmap/mkclean.ts",
      from: "    store<u64>(pte, 0);\n    pageClearedInside(mm, address);\n",
      to: "    pageClearedInside(mm, address);\n    store<u64>(pte, 0);\n",
    },
    {
      rule: "try_to_unmap tells under the page-table lock where that is the kernel's way",
      file: "assembly/rmap/unmap-one.ts",
      from: "  if (told) pageClearedInside(mm, address);\n",
      to: "",
    },
    {
      rule: "each entry of a cluster is told of where the cluster is no range",
      file: "assembly/rmap/unmap-nonlinear.ts",
      from: "  pageClearedInside(changetype<MmStruct>(<usize>vma.mm), address);\n",
      to: "",
    },
    {
      rule: "a huge page of the pool that is unmapped is told of under the page_table_lock",
      file: "assembly/rmap/hugetlb.ts",
      from: "  invalidateCleared(mm, pmd, address);\n",
      to: "",
    },
    {
      rule: "a client without change_pte hears of one page where no range is around the change",
      file: "assembly/notifier/dispatch.ts",
      from: "    if (!ranged && !hearsOfChange(notifier)) {\n",
      to: "    if (false) {\n",
    },
    {
      rule: "a client without change_pte hears of one page in its place only before the commit",
      file: "assembly/notifier/dispatch.ts",
      from: "    if (!ranged && !hearsOfChange(notifier)) {\n",
      to: "    if (!hearsOfChange(notifier)) {\n",
    },
    {
      rule: "the two ends of a huge page's range have the same arguments",
      file: "assembly/mm/hugetlb-cow.ts",
      from: "  rangeEndOutside(mm, address, address + PMD_SIZE);\n",
      to: "  rangeEndOutside(mm, address, address + PMD_SIZE - 4096);\n",
    },
    {
      rule: "a copy of a huge page ends its range also when somebody else was faster",
      ...huge,
      file: "assembly/mm/fault-huge.ts",
      from: "  rangeEndOutside(mm, start, start + PMD_SIZE);\n  if (!same) {\n    putCopies(copies);\n",
      to: "  if (same) rangeEndOutside(mm, start, start + PMD_SIZE);\n  if (!same) {\n    putCopies(copies);\n",
    },
    {
      rule: "a range around one page begins before its entry goes",
      file: "assembly/rmap/unmap-one.ts",
      from: "  if (ranged) mmuNotifierInvalidateRangeStart(mm, address, entryEnd(frame, address));\n  const result = unmapEntry(frame, vma, address, how);\n",
      to: "  const result = unmapEntry(frame, vma, address, how);\n  if (ranged) mmuNotifierInvalidateRangeStart(mm, address, entryEnd(frame, address));\n",
    },
    {
      rule: "one page is told of in one way: by a range, or by itself",
      file: "assembly/notifier/placement.ts",
      from: "  if (isToldOutside(mm) && header().invalidatePage == <u32>InvalidatePage.AfterUnlock) {\n",
      to: "  if (isToldOutside(mm)) {\n",
    },
    {
      rule: "try_to_munlock begins no range where the VMA is not locked",
      file: "assembly/rmap/unmap-one.ts",
      from: "  const ranged = isToldByRange(mm) && !isPassedOver(vma, how);\n",
      to: "  const ranged = isToldByRange(mm);\n",
    },
    {
      rule: "whoever unmaps holds the page until its clients have heard of it",
      file: "assembly/mm/migrate.ts",
      from: "    tryToUnmap(frame, Unmap.Migration | Unmap.IgnoreMlock | Unmap.IgnoreAccess);\n",
      to: "    putPage(frame);\n    tryToUnmap(frame, Unmap.Migration | Unmap.IgnoreMlock | Unmap.IgnoreAccess);\n    getPage(frame);\n",
    },
    {
      rule: "the table that a huge page's small copies are in is seen when it is filled",
      ...huge,
      file: "assembly/mm/fault-huge.ts",
      from: "    const table = hugeEntryWithdraw(pmd);\n    rangeEndInside(mm, start, start + PMD_SIZE);\n",
      to: "    const table = hugeEntryWithdraw(pmd);\n    tablePutBack(pmd, table);\n    rangeEndInside(mm, start, start + PMD_SIZE);\n",
    },
    {
      rule: "a fault makes no table where a huge entry is out of sight",
      ...huge,
      file: "assembly/mm/fault.ts",
      from: "    if (isLocked(pageTableLock(mm))) {\n",
      to: "    if (false) {\n",
    },
  ],
};
