export default {
  group: "notifier ranges",
  tests: ["test/api/notifier-huge-pages", "test/api/notifier-sites"],
  breaks: [
    {
      rule: "a copy of a huge page to a huge page is told of",
      file: "assembly/mm/fault-huge.ts",
      from: "  rangeStartOutside(mm, start, start + PMD_SIZE);\n  pmdLock(mm, Doing.CopyOnWrite);\n  putPage(head);\n  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;\n  if (same) {\n    pmdClearedInside(mm, pmd, start, start + PMD_SIZE);\n    pageAddNewAnonRmap(copy, vma, start);\n    setHugeEntry(pmd, pteOf(copy, hugeBits(vma)));\n    pageRemoveRmap(head);\n    putPage(head);\n  }\n  pmdUnlock(mm);\n  rangeEndOutside(mm, start, start + PMD_SIZE);\n",
      to: "  pmdLock(mm, Doing.CopyOnWrite);\n  putPage(head);\n  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;\n  if (same) {\n    pmdClearedInside(mm, pmd, start, start + PMD_SIZE);\n    pageAddNewAnonRmap(copy, vma, start);\n    setHugeEntry(pmd, pteOf(copy, hugeBits(vma)));\n    pageRemoveRmap(head);\n    putPage(head);\n  }\n  pmdUnlock(mm);\n",
    },
    {
      rule: "a copy of a huge page to small pages is told of",
      file: "assembly/mm/fault-huge.ts",
      from: "  rangeStartOutside(mm, start, start + PMD_SIZE);\n  pmdLock(mm, Doing.CopyOnWrite);\n  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;\n  if (same) {\n    rangeStartInside(mm, start, start + PMD_SIZE);\n    const table = hugeEntryWithdraw(pmd);\n    rangeEndInside(mm, start, start + PMD_SIZE);\n    for (let at = start; copies; at += STEP) {\n      const frame = copies;\n      copies = takeFirst(frame);\n      pageAddNewAnonRmap(frame, vma, at);\n      store<u64>(pteInTable(table, at), pteOf(frame, hugeBits(vma)));\n    }\n    // Not before it is filled: the locks of entries are others than the page_table_lock.\n    tablePutBack(pmd, table);\n    pageRemoveRmap(head);\n  }\n  pmdUnlock(mm);\n  rangeEndOutside(mm, start, start + PMD_SIZE);\n",
      to: "  pmdLock(mm, Doing.CopyOnWrite);\n  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;\n  if (same) {\n    rangeStartInside(mm, start, start + PMD_SIZE);\n    const table = hugeEntryWithdraw(pmd);\n    rangeEndInside(mm, start, start + PMD_SIZE);\n    for (let at = start; copies; at += STEP) {\n      const frame = copies;\n      copies = takeFirst(frame);\n      pageAddNewAnonRmap(frame, vma, at);\n      store<u64>(pteInTable(table, at), pteOf(frame, hugeBits(vma)));\n    }\n    // Not before it is filled: the locks of entries are others than the page_table_lock.\n    tablePutBack(pmd, table);\n    pageRemoveRmap(head);\n  }\n  pmdUnlock(mm);\n",
    },
    {
      rule: "a collapse is told of before the small pages go",
      file: "assembly/mm/collapse.ts",
      from: "  rangeStartOutside(mm, start, start + PMD_SIZE);\n  pmdLock(mm, Doing.Collapse);\n  rangeStartInside(mm, start, start + PMD_SIZE);\n  const table = tableWithdraw(pmd);\n  rangeEndInside(mm, start, start + PMD_SIZE);\n  pmdUnlock(mm);\n  rangeEndOutside(mm, start, start + PMD_SIZE);\n",
      to: "  pmdLock(mm, Doing.Collapse);\n  rangeStartInside(mm, start, start + PMD_SIZE);\n  const table = tableWithdraw(pmd);\n  rangeEndInside(mm, start, start + PMD_SIZE);\n  pmdUnlock(mm);\n",
    },
    {
      rule: "a split is told of wherever the page is mapped",
      file: "assembly/rmap/split-huge-page.ts",
      from: "  rangeStartOutside(mm, address, address + PMD_SIZE);\n  pmdLock(mm, Doing.SplitHuge);\n  const pmd = pageCheckAddressPmd(head, mm, address, HugeEntry.NotSplitting);\n  if (pmd) {\n    rangeStartInside(mm, address, address + PMD_SIZE);\n    setHugeEntry(pmd, hugeEntry(pmd) | PTE_SPLITTING);\n    rangeEndInside(mm, address, address + PMD_SIZE);\n    if (CHECKED) traceDid(WalkAct.Splitting);\n  }\n  pmdUnlock(mm);\n  rangeEndOutside(mm, address, address + PMD_SIZE);\n",
      to: "  pmdLock(mm, Doing.SplitHuge);\n  const pmd = pageCheckAddressPmd(head, mm, address, HugeEntry.NotSplitting);\n  if (pmd) {\n    rangeStartInside(mm, address, address + PMD_SIZE);\n    setHugeEntry(pmd, hugeEntry(pmd) | PTE_SPLITTING);\n    rangeEndInside(mm, address, address + PMD_SIZE);\n    if (CHECKED) traceDid(WalkAct.Splitting);\n  }\n  pmdUnlock(mm);\n",
    },
    {
      rule: "a cluster that try_to_unmap goes through is told of",
      file: "assembly/rmap/unmap-nonlinear.ts",
      from: '  rangeStartOutside(mm, start, end);\n  // The VMA stays locked as long as nobody has mmap_sem for write; without it nothing is sure, and it counts as not locked.\n  let locked = tryDownRead(mmapSem(mm), Doing.Unmap);\n  if (locked && !(vma.flags & VmFlag.Locked)) {\n    upRead(mmapSem(mm));\n    locked = false;\n  }\n  ptlLock(pmd, Doing.Unmap);\n  for (; at < end; at += PAGE_SIZE) {\n    const pte = pteUnder(pmd, at);\n    const entry = load<u64>(pte);\n    entries++;\n    if (CHECKED) traceEntry(wanted, at, entry);\n    if (!pteIsPage(entry)) continue;\n    assert(!pageIsAnon(pteFrame(entry)), "rmap: anonymous page in a nonlinear vma");\n    if (locked) {\n      // Nobody has locked the page, unless it is the wanted one (docs/simplified.md).\n      mlockVmaPage(pteFrame(entry));\n      if (CHECKED) traceDid(WalkAct.Mlocked);\n      if (pteFrame(entry) == wanted) result = UnmapResult.Mlock;\n    } else if (clearFlushYoung(mm, pte, at)) {\n      if (CHECKED) traceDid(WalkAct.MadeOld);\n    } else {\n      unmapEntry(vma, at, pte, entry);\n      unmapped++;\n    }\n  }\n  ptlUnlock(pmd);\n  count(Counter.EntriesChecked, entries);\n  rangeEndOutside(mm, start, end);\n',
      to: '  // The VMA stays locked as long as nobody has mmap_sem for write; without it nothing is sure, and it counts as not locked.\n  let locked = tryDownRead(mmapSem(mm), Doing.Unmap);\n  if (locked && !(vma.flags & VmFlag.Locked)) {\n    upRead(mmapSem(mm));\n    locked = false;\n  }\n  ptlLock(pmd, Doing.Unmap);\n  for (; at < end; at += PAGE_SIZE) {\n    const pte = pteUnder(pmd, at);\n    const entry = load<u64>(pte);\n    entries++;\n    if (CHECKED) traceEntry(wanted, at, entry);\n    if (!pteIsPage(entry)) continue;\n    assert(!pageIsAnon(pteFrame(entry)), "rmap: anonymous page in a nonlinear vma");\n    if (locked) {\n      // Nobody has locked the page, unless it is the wanted one (docs/simplified.md).\n      mlockVmaPage(pteFrame(entry));\n      if (CHECKED) traceDid(WalkAct.Mlocked);\n      if (pteFrame(entry) == wanted) result = UnmapResult.Mlock;\n    } else if (clearFlushYoung(mm, pte, at)) {\n      if (CHECKED) traceDid(WalkAct.MadeOld);\n    } else {\n      unmapEntry(vma, at, pte, entry);\n      unmapped++;\n    }\n  }\n  ptlUnlock(pmd);\n  count(Counter.EntriesChecked, entries);\n',
    },
  ],
};
