const told = ["test/api/notifier"];
const races = ["test/explore/notifier-races"];
const raced = { tests: races };

export default {
  group: "notifiers",
  tests: told,
  breaks: [
    {
      rule: "who came last is told first",
      file: "assembly/mm/mmu-notifier.ts",
      from: "  notifier.next = mm.notifiers;\n  if (notifier.next) notifierAt(notifier.next).prev = object;\n  mm.notifiers = object;\n",
      to: "  let last = mm.notifiers;\n  while (last && notifierAt(last).next) last = notifierAt(last).next;\n  notifier.prev = last;\n  if (last) notifierAt(last).next = object;\n  else mm.notifiers = object;\n",
    },
    {
      rule: "registration waits for whoever is between the start and the end of a range",
      ...raced,
      file: "assembly/sync/lock.ts",
      from: "    while (load<u32>(address)) waitFor(address, kind, doing);\n    store<u32>(address, header().actor + 1);\n  }\n}\n\nexport function unlockAmongAll",
      to: "    if (load<u32>(address)) return;\n    store<u32>(address, header().actor + 1);\n  }\n}\n\nexport function unlockAmongAll",
    },
    {
      rule: "mm_take_all_locks takes the mutex of a root once",
      file: "assembly/mm/take-all-locks.ts",
      from: "  if (root.head & ALL_LOCKS_MARK) return;\n",
      to: "",
    },
    {
      rule: "mm_take_all_locks takes the mutex of a file once",
      file: "assembly/mm/take-all-locks.ts",
      from: "  if (mapping.mmAllLocks) return;\n",
      to: "",
    },
    {
      rule: "mm_drop_all_locks leaves no mark",
      file: "assembly/mm/take-all-locks.ts",
      from: "  root.head &= ~ALL_LOCKS_MARK;\n  unlockAmongAll(rootMutex(root));\n",
      to: "  unlockAmongAll(rootMutex(root));\n",
    },
    {
      rule: "who unregisters waits for callbacks that are under way",
      ...raced,
      file: "assembly/mm/mmu-notifier.ts",
      from: "  unlock(notifierLock(mm));\n  synchronizeSrcu();\n  notifierDrop(notifier);\n",
      to: "  unlock(notifierLock(mm));\n  notifierDrop(notifier);\n",
    },
    {
      rule: "clients hear of the end before the first page goes",
      file: "assembly/mm/process.ts",
      from: "  mmuNotifierRelease(mm);\n",
      to: "",
    },
    {
      rule: "the end of a range has the arguments of its start",
      file: "assembly/mm/move-page-tables.ts",
      from: "  mmuNotifierInvalidateRangeEnd(mm, from, end);\n",
      to: "  mmuNotifierInvalidateRangeEnd(mm, at, end);\n",
    },
    {
      rule: "a range ends also when the entry was not what it had been",
      ...raced,
      file: "assembly/mm/fault-write-protect.ts",
      from: "    ptlUnlock(pmd);\n    rangeEndOutside(mm, address, address + PAGE_SIZE);\n    dropNewPage(copy);\n",
      to: "    ptlUnlock(pmd);\n    dropNewPage(copy);\n",
    },
    {
      rule: "try_to_unmap tells after the entry is gone",
      file: "assembly/rmap/unmap-one.ts",
      from: "  ptlUnlock(pmd);\n  // The entry's reference is gone: that of whoever unmaps keeps the frame until its clients have heard of it.\n  if (told) pageChangedOutside(mm, address);\n",
      to: "  ptlUnlock(pmd);\n",
    },
    {
      rule: "a client that is told too early maps the old page again",
      ...raced,
      file: "assembly/rmap/mkclean.ts",
      from: "function cleanEntry(frame: u32, mm: MmStruct, address: u64): u32 {\n  const pmd = pageCheckAddress(frame, mm, address, true);\n  if (!pmd) return 0;\n  const pte = pteUnder(pmd, address);\n  const entry = load<u64>(pte);\n  const changed = (entry & (PTE_DIRTY | PTE_WRITE)) != 0;\n",
      to: "function cleanEntry(frame: u32, mm: MmStruct, address: u64): u32 {\n  pageChangedOutside(mm, address);\n  const pmd = pageCheckAddress(frame, mm, address, true);\n  if (!pmd) return 0;\n  const pte = pteUnder(pmd, address);\n  const entry = load<u64>(pte);\n  const changed = (entry & (PTE_DIRTY | PTE_WRITE)) != 0;\n  if (changed) {\n    store<u64>(pte, entry & ~(PTE_DIRTY | PTE_WRITE));\n    ptlUnlock(pmd);\n    return 1;\n  }\n",
    },
    {
      rule: "page_mkclean tells only of what it changed",
      file: "assembly/rmap/mkclean.ts",
      from: "  if (changed) pageChangedOutside(mm, address);\n",
      to: "  pageChangedOutside(mm, address);\n",
    },
    {
      rule: "others are asked also when the processor has touched the page",
      file: "assembly/rmap/young.ts",
      from: "  return mmuNotifierClearFlushYoung(mm, address) || young;\n",
      to: "  return young || mmuNotifierClearFlushYoung(mm, address);\n",
    },
    {
      rule: "every client forgets, whatever the first one says",
      file: "assembly/notifier/dispatch.ts",
      from: "    if (!clear) break;\n",
      to: "    break;\n",
    },
    {
      rule: "clients hear of a new entry before anybody sees it",
      file: "assembly/notifier/dispatch.ts",
      from: "  if (mm.notifiers) tellChange(mm, address, pteFrame(entry), (entry & PTE_WRITE) != 0);\n  store<u64>(pte, entry);\n",
      to: "  store<u64>(pte, entry);\n  if (mm.notifiers) tellChange(mm, address, pteFrame(entry), (entry & PTE_WRITE) != 0);\n",
    },
    {
      rule: "a fault that missed a change maps nothing",
      ...raced,
      file: "assembly/mm/device-access.ts",
      from: "notifier.ranges != 0 || notifier.sequence != sequence || notifier.released != 0",
      to: "notifier.ranges != 0 || notifier.released != 0",
    },
    {
      rule: "a fault in the middle of a change maps nothing",
      ...raced,
      file: "assembly/mm/device-access.ts",
      from: "notifier.ranges != 0 || notifier.sequence != sequence || notifier.released != 0",
      to: "notifier.sequence != sequence || notifier.released != 0",
    },
    {
      rule: "a fault of a client that was let go maps nothing",
      ...raced,
      file: "assembly/mm/device-access.ts",
      from: "notifier.ranges != 0 || notifier.sequence != sequence || notifier.released != 0",
      to: "notifier.ranges != 0 || notifier.sequence != sequence",
    },
    {
      rule: "callbacks that may sleep are checked wherever they are called",
      file: "assembly/notifier/dispatch.ts",
      from: "  if (notifier.sleeps) mightSleep();\n",
      to: "",
    },
    {
      rule: "verify compares what clients show with the page table",
      tests: ["test/check/notifiers"],
      file: "assembly/check/notifiers.ts",
      from: "  } else if (there != <f64>it.frame) {\n",
      to: "  } else if (there < 0) {\n",
    },
  ],
};
