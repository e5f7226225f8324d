const locks = "assembly/sync/lock.ts";

/** A spinlock's section is one step, so no race shows that it is missing. */
const guarded = ["test/explore/guarded"];

export default {
  group: "locks",
  tests: ["test/check", "test/explore"],
  breaks: [
    {
      rule: "locks are taken in their order",
      file: locks,
      from: "if (other < <u32>kind || (nested && other == <u32>kind)) continue;",
      to: "continue;",
    },
    {
      rule: "nobody sleeps with a spinlock held",
      file: locks,
      from: "if ((load<u32>(at, 4) & 0xff) < <u32>LockClass.Ptl) continue;",
      to: "continue;",
    },
    {
      rule: "at the end of an operation nothing is held",
      file: locks,
      from: 'if (CHECKED) assert(load<u32>(held()) == 0, "lock: still held at the end of the operation");',
      to: "",
    },
    {
      rule: "a violation says what was being done under the lock that is held",
      file: locks,
      from: "store<u32>(at, (<u32>kind) | ((<u32>doing) << 8), 4);",
      to: "store<u32>(at, <u32>kind, 4);",
    },
    {
      rule: "a clone is linked under its root's mutex",
      tests: guarded,
      file: "assembly/rmap/anon-vma.ts",
      from: '      lock(rootMutex(anonVma), LockClass.AnonVmaMutex, Doing.AnonVma);\n    }\n    assert(root == anonVma.root, "anon_vma: a chain of two roots");\n    anonVmaChainLink(dst, chain, anonVma);\n    if (reuses && !dst.anonVma && isDeserted(anonVma)) dst.anonVma = source.anonVma;\n    links++;\n    at = source.newer;\n  }\n  if (dst.anonVma) anonVmaAt(dst.anonVma).activeVmas++;\n  if (root) unlock(rootMutex(anonVmaAt(root)));\n',
      to: '    }\n    assert(root == anonVma.root, "anon_vma: a chain of two roots");\n    anonVmaChainLink(dst, chain, anonVma);\n    if (reuses && !dst.anonVma && isDeserted(anonVma)) dst.anonVma = source.anonVma;\n    links++;\n    at = source.newer;\n  }\n  if (dst.anonVma) anonVmaAt(dst.anonVma).activeVmas++;\n',
    },
    {
      rule: "migration entries are restored under their page-table lock",
      tests: guarded,
      file: "assembly/rmap/migration-entry.ts",
      from: "  ptlLock(pmd, Doing.RestoreEntry);\n  const pte = pteUnder(pmd, address);\n  const entry = load<u64>(pte);\n  if (CHECKED) traceEntry(frame, address, entry);\n  const waits = pteIsMigration(entry) && pteFrame(entry) == old;\n  if (waits) {\n    getPage(frame);\n    let bits = vmaPageProt(vma);\n    if (pteMigrationIsWritable(entry)) bits |= PTE_WRITE;\n    store<u64>(pte, pteOf(frame, bits));\n    if (pageIsAnon(frame)) pageAddAnonRmap(frame, vma, address, false);\n    else pageAddFileRmap(frame);\n    // The last unmap has cleared the mark; up to 2015 only reclaim or another mlock set it again.\n    if (header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked) {\n      mlockVmaPage(frame);\n    }\n    if (CHECKED) traceDid(WalkAct.Restored);\n  }\n  ptlUnlock(pmd);\n",
      to: "  const pte = pteUnder(pmd, address);\n  const entry = load<u64>(pte);\n  if (CHECKED) traceEntry(frame, address, entry);\n  const waits = pteIsMigration(entry) && pteFrame(entry) == old;\n  if (waits) {\n    getPage(frame);\n    let bits = vmaPageProt(vma);\n    if (pteMigrationIsWritable(entry)) bits |= PTE_WRITE;\n    store<u64>(pte, pteOf(frame, bits));\n    if (pageIsAnon(frame)) pageAddAnonRmap(frame, vma, address, false);\n    else pageAddFileRmap(frame);\n    // The last unmap has cleared the mark; up to 2015 only reclaim or another mlock set it again.\n    if (header().migrationMlock == <u32>MigrationMlock.Restored && vma.flags & VmFlag.Locked) {\n      mlockVmaPage(frame);\n    }\n    if (CHECKED) traceDid(WalkAct.Restored);\n  }\n",
    },
    {
      rule: "calls that change an address space have its mmap_sem",
      tests: guarded,
      file: "assembly/mm/dispatch.ts",
      from: "      downWrite(mmapSem(mm), Doing.ChangeMm);\n      const result = changeMm(op, mm, record);\n      upWrite(mmapSem(mm));\n",
      to: "      const result = changeMm(op, mm, record);\n",
    },
    {
      rule: "who meets a migration entry waits for the page's lock",
      tests: ["test/explore/races"],
      file: "assembly/mm/fault-swap.ts",
      from: "  lockPage(frame, Doing.SwapIn);\n  unlockPage(frame);\n  putPage(frame);",
      to: "  putPage(frame);",
    },
    {
      rule: "a file's index changes under i_mmap_mutex",
      tests: guarded,
      file: "assembly/mm/vma-list.ts",
      from: "  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.VmaLink);\n  fileIndexUnlink(mapping, vma);\n  unlock(iMmapMutex(mapping));\n",
      to: "  fileIndexUnlink(mapping, vma);\n",
    },
    {
      rule: "a slot is let go under the swap lock",
      tests: guarded,
      file: "assembly/struct/swap-slot.ts",
      from: "  lock(swapLock(), LockClass.SwapLock, Doing.SwapSlot);\n  const surplus = dropEntry(slot);\n  unlock(swapLock());\n",
      to: "  const surplus = dropEntry(slot);\n",
    },
    {
      rule: "a page leaves its list under the LRU lock",
      tests: guarded,
      file: "assembly/struct/isolation.ts",
      from: "  lock(lruLock(), LockClass.ZoneLru, Doing.Lru);\n  const isolated = pageTest(frame, PageFlag.Lru) && pageRefcount(frame) > 0;\n  if (isolated) {\n    getPage(frame);\n    lruUnlink(frame);\n  }\n  unlock(lruLock());\n",
      to: "  const isolated = pageTest(frame, PageFlag.Lru) && pageRefcount(frame) > 0;\n  if (isolated) {\n    getPage(frame);\n    lruUnlink(frame);\n  }\n",
    },
    {
      rule: "a VMA becomes nonlinear under i_mmap_mutex",
      tests: ["test/explore/guarded"],
      file: "assembly/mm/fremap.ts",
      from: "  lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.RemapFile);\n  fileIndexRemove(mapping, vma);\n  vma.flags |= VmFlag.Nonlinear;\n  setNonlinearCursor(vma, 0);\n  nonlinearInsert(mapping, vma);\n  unlock(iMmapMutex(mapping));\n",
      to: "  fileIndexRemove(mapping, vma);\n  vma.flags |= VmFlag.Nonlinear;\n  setNonlinearCursor(vma, 0);\n  nonlinearInsert(mapping, vma);\n",
    },
  ],
};
