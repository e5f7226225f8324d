const mremap = "assembly/mm/mremap.ts";
const move = "assembly/mm/move-page-tables.ts";
const anonVma = "assembly/rmap/anon-vma.ts";

const counted = { tests: ["test/api/mremap-order"] };
const huge = { tests: ["test/explore/huge-races"] };

export default {
  group: "mremap-order",
  tests: ["test/explore/mremap-races"],
  breaks: [
    {
      rule: "a VMA that took in what is moved goes to the tail of its lists",
      file: mremap,
      from: "    if (!self && keepsOrder()) anonVmaMovetoTail(target);\n",
      to: "",
    },
    {
      rule: "a move that failed half-way sends the VMA to the tail that the entries go back to",
      file: mremap,
      from: "    if (keepsOrder()) anonVmaMovetoTail(origin);\n",
      to: "",
    },
    {
      rule: "only a kernel whose lists have an order keeps it",
      ...counted,
      file: mremap,
      from: "return header().mremapOrder == <u32>MremapOrder.MoveToTail;",
      to: "return header().mremapOrder <= <u32>MremapOrder.MoveToTail;",
    },
    {
      rule: "a VMA that joins its own copy stays where it is in the list",
      ...counted,
      file: mremap,
      from: "if (!self && keepsOrder())",
      to: "if (keepsOrder())",
    },
    {
      rule: "a VMA goes to the tail of all of its lists, not of one",
      file: anonVma,
      from: "    anonIndexInsert(chain);\n    at = chain.newer;\n",
      to: "    anonIndexInsert(chain);\n    at = 0;\n",
    },
    {
      rule: "a move to a VMA that walks come to first needs the locks",
      file: mremap,
      from: "const needLocks = self || target.pgoff <= source.pgoff;",
      to: "const needLocks = false;",
    },
    {
      rule: "a move to a VMA that walks come to later does not need the locks",
      ...counted,
      file: mremap,
      from: "  const needLocks = (copied & 1) != 0;\n",
      to: "  const needLocks = true;\n",
    },
    {
      rule: "the order of a prio tree is none that lets a file's entries move without its mutex",
      file: move,
      from: "order != <u32>MremapOrder.LockIfNeeded || filesHavePrioTrees()",
      to: "order != <u32>MremapOrder.LockIfNeeded",
    },
    {
      rule: "a way back needs the locks",
      file: mremap,
      from: "movePageTables(target, to, from, done, true);",
      to: "movePageTables(target, to, from, done, false);",
    },
    {
      rule: "before trees nobody took the anon_vma's mutex for a move",
      ...counted,
      file: move,
      from: "    locks = MoveLocks.File;\n",
      to: "    locks = MoveLocks.File | MoveLocks.Anon;\n",
    },
    {
      rule: "a file's mutex was always taken before v3.7",
      ...counted,
      file: move,
      from: "  } else if (order != <u32>MremapOrder.LockIfNeeded || filesHavePrioTrees()) {",
      to: "  } else if (false) {",
    },
    {
      rule: "at the commit the locks are always taken, for exec's stack too",
      ...counted,
      file: move,
      from: "if (order == <u32>MremapOrder.AlwaysLock || (",
      to: "if ((order >= <u32>MremapOrder.AlwaysLock && needed) || (",
    },
    {
      rule: "the anon_vma's mutex comes before the page-table locks",
      file: move,
      from: `  if (anonVma) anonVmaLock(anonVma, Doing.Mremap);
  ptlLock(fromPmd, Doing.Mremap);
`,
      to: `  ptlLock(fromPmd, Doing.Mremap);
  if (anonVma) anonVmaLock(anonVma, Doing.Mremap);
`,
    },
    {
      rule: "a file's mutex comes before the page-table locks too",
      ...counted,
      file: move,
      from: `  if (mapping) lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Mremap);
  if (anonVma) anonVmaLock(anonVma, Doing.Mremap);
  ptlLock(fromPmd, Doing.Mremap);
`,
      to: `  if (anonVma) anonVmaLock(anonVma, Doing.Mremap);
  ptlLock(fromPmd, Doing.Mremap);
  if (mapping) lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Mremap);
`,
    },
    {
      rule: "a copied VMA has its bounds before it goes into the trees",
      tests: ["test/api/mremap.test"],
      file: mremap,
      from: `  vma.start = start;
  vma.end = start + length;
  vma.pgoff = pgoff;
  if (!anonVmaClone(vma, source)) {
    vmaFree(vma);
    return 0;
  }
`,
      to: `  if (!anonVmaClone(vma, source)) {
    vmaFree(vma);
    return 0;
  }
  vma.start = start;
  vma.end = start + length;
  vma.pgoff = pgoff;
`,
    },
    {
      rule: "once that is repaired, a huge entry that walks may miss moves under the mutex",
      ...huge,
      file: "assembly/mm/huge-entry.ts",
      from: "  if (locked) anonVmaLock(anonVma, Doing.Mremap);\n  const moved = moveWhole(vma, pmd, target);\n  if (locked) anonVmaUnlock(anonVma);\n",
      to: "  const moved = moveWhole(vma, pmd, target);\n",
    },
    {
      rule: "v3.7 takes the page_table_lock alone for a huge entry",
      ...huge,
      file: move,
      from: "header().hugeMove == <u32>HugeMove.RmapLocks ? locks",
      to: "header().hugeMove <= <u32>HugeMove.RmapLocks ? locks",
    },
    {
      rule: "a huge entry moves under the mutex only where small ones do",
      ...counted,
      file: move,
      from: "? locks & MoveLocks.Anon : 0",
      to: "? <u32>MoveLocks.Anon : 0",
    },
    {
      rule: "a huge entry's place is not given up before it is known that nobody splits it",
      ...huge,
      file: "assembly/mm/huge-entry.ts",
      from: "  if (hugePmdLock(vma, from, Doing.Mremap) != HugeLock.Stable) return false;\n  hugeEntryMove(from, to);\n  pmdUnlock(mmOf(vma));\n  return true;",
      to: "  pmdLock(mmOf(vma), Doing.Mremap);\n  hugeEntryMove(from, to);\n  pmdUnlock(mmOf(vma));\n  return true;",
    },
  ],
};
