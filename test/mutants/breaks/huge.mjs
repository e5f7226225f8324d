const split = "assembly/rmap/split-huge-page.ts";
const entry = "assembly/mm/huge-entry.ts";
const page = "assembly/struct/huge-page.ts";
const fault = "assembly/mm/fault-huge.ts";
const collapse = "assembly/mm/collapse.ts";

/** Where paths meet: only a build whose paths can be suspended notices. */
const atRaces = { tests: ["test/explore/huge-races"] };

export default {
  group: "huge",
  tests: [
    "test/api/huge-page",
    "test/api/collapse",
    "test/rmap/huge-pages",
    "test/check/huge-pages",
  ],
  breaks: [
    {
      rule: "an entry that is splitting is not counted again where a VMA is being split",
      file: "assembly/rmap/huge-entry.ts",
      from: "if (which == HugeEntry.NotSplitting && splitting) return 0;",
      to: "",
    },
    {
      rule: "a split leaves writable what was, if the VMA is",
      file: split,
      from: "return entry & PTE_WRITE ? bits : bits & ~PTE_WRITE;",
      to: "return bits & ~PTE_WRITE;",
    },
    {
      rule: "a split protects what was protected",
      file: split,
      from: "return entry & PTE_WRITE ? bits : bits & ~PTE_WRITE;",
      to: "return bits;",
    },
    {
      rule: "a tail takes the references along that were held on it",
      file: page,
      from: "mapcount + held + 1);",
      to: "mapcount);",
    },
    {
      rule: "each page of a split is mlocked if the huge page was",
      file: page,
      from: "pageFlags(head) & HANDED_DOWN)",
      to: "pageFlags(head) & HANDED_DOWN & ~PageFlag.Mlocked)",
    },
    {
      rule: "a tail that is broken stays so",
      file: page,
      from: "pageFlags(tail) & PageFlag.HwPoison;",
      to: "0;",
    },
    {
      rule: "a split is no huge page any more on its list",
      file: page,
      from: "if (pageTest(head, PageFlag.Lru)) lruForgetHuge(head);",
      to: "",
    },
    {
      rule: "where a part is unmapped the page is split first",
      file: entry,
      from: "  if (!isWhole(start, end)) {\n    splitHugePmd(mm, pmd);\n    return false;\n  }\n  if (hugePmdLock(vma, pmd, Doing.Zap)",
      to: "  if (hugePmdLock(vma, pmd, Doing.Zap)",
    },
    {
      rule: "a huge page moves whole only to an aligned place",
      file: entry,
      from: "!isWhole(from, from + bytes) || (from | to) & PART) {",
      to: "!isWhole(from, from + bytes)) {",
    },
    {
      rule: "the new bounds of a VMA split what they cut: the start",
      file: entry,
      from: "  splitAt(vma, start);\n",
      to: "",
    },
    {
      rule: "the new bounds of a VMA split what they cut: the end",
      file: entry,
      from: "  splitAt(vma, end);\n",
      to: "",
    },
    {
      rule: "a bound that moves up splits the next VMA's page",
      file: entry,
      from: "    splitAt(next, next.start + <u64>shift);",
      to: "    splitAt(next, next.start);",
    },
    {
      rule: "fork leaves neither side a writable huge entry",
      file: entry,
      from: "        setHugeEntry(from, entry & ~PTE_WRITE);",
      to: "",
    },
    {
      rule: "a child has not touched what it got",
      file: entry,
      from: "const copy = entry & ~(PTE_WRITE | PTE_YOUNG);",
      to: "const copy = entry & ~PTE_WRITE;",
    },
    {
      rule: "a huge page is written in place by its only owner alone",
      file: fault,
      from: "if (pageMapcount(head) == 1) {",
      to: "if (pageMapcount(head) >= 1) {",
    },
    {
      rule: "a huge page fits into its VMA",
      file: fault,
      from: "if (start < vma.start || start + PMD_SIZE > vma.end) return SMALL;",
      to: "if (start + PMD_SIZE > vma.end) return SMALL;",
    },
    {
      rule: "no huge page is made where madvise said so",
      file: fault,
      from: "|| vma.flags & VmFlag.NoHugePage) return false;",
      to: ") return false;",
    },
    {
      rule: "no huge page is made in a temporary stack",
      file: fault,
      from: "return !isVmaTemporaryStack(vma.flags);",
      to: "return true;",
    },
    {
      rule: "a read that falls back leaves an anon_vma",
      file: fault,
      from: "if (!write && (!tablesReserve(3) || !anonVmaPrepare(vma))) return Errno.ENOMEM;",
      to: "",
    },
    {
      rule: "khugepaged leaves pages that somebody holds",
      file: collapse,
      from: "(entry & PTE_WRITE) != 0 && pageRefcount(pteFrame(entry)) == 1;",
      to: "(entry & PTE_WRITE) != 0;",
    },
    {
      rule: "khugepaged leaves what is protected",
      file: collapse,
      from: "(entry & PTE_WRITE) != 0 && pageRefcount",
      to: "pageRefcount",
    },
    {
      rule: "khugepaged leaves what nobody touched",
      file: collapse,
      from: "result == CollapseResult.Collapsed && !touched ? CollapseResult.Idle : result;",
      to: "result;",
      tests: ["test/api/collapse"],
    },
    {
      rule: "a collapse counts pages that were absent",
      file: collapse,
      from: "changetype<MmStruct>(<usize>vma.mm).anonRss++;",
      to: "",
    },
    {
      rule: "a huge entry counts also in a sequential VMA",
      file: "assembly/rmap/referenced-one.ts",
      from: "clearFlushYoungHuge(mm, pmd, address, head)) {\n    found |= REFERENCED;",
      to: "clearFlushYoungHuge(mm, pmd, address, head)) {\n    if (!(vma.flags & VmFlag.SeqRead)) found |= REFERENCED;",
    },
    {
      rule: "mlock counts a huge page by its size",
      file: "assembly/rmap/mlock.ts",
      from: "vmStat(VmStat.NrMlock, pageSize(frame));",
      to: "vmStat(VmStat.NrMlock, 1);",
    },
    {
      rule: "a huge page is counted by itself",
      file: "assembly/rmap/accounting.ts",
      from: "if (pageIsHuge(frame)) header().nrAnonHuge += n;",
      to: "if (false) header().nrAnonHuge += n;",
    },
    {
      rule: "a split of what nothing maps any more counts no pages as mapped",
      file: page,
      from: "  if (pageMapped(head)) {",
      to: "  {",
      ...atRaces,
    },
    {
      rule: "tails that nothing maps any more go with their split",
      file: page,
      from: "putPage(head + n);",
      to: "if (pageMapped(head)) putPage(head + n);",
      ...atRaces,
    },
    {
      rule: "a huge page is held by its head while it is split",
      file: "assembly/mm/page-operation.ts",
      from: "  getPage(head);\n  const split = splitHugePage(head);\n  putPage(head);",
      to: "  holdPage(frame);\n  const split = splitHugePage(head);\n  releasePage(frame);",
      ...atRaces,
    },
    {
      rule: "whoever splits a page to go on with one of it holds that one",
      file: "assembly/mm/migrate.ts",
      from: "  holdPage(frame);",
      to: "  getPage(frame);",
      ...atRaces,
    },
    {
      rule: "khugepaged keeps the address space that it scans",
      file: collapse,
      from: "    mmGet(mm);",
      to: "",
      ...atRaces,
    },
    {
      rule: "what madvise wants small is small after a move",
      file: entry,
      from: "if (unwanted || !isWhole(",
      to: "if (!isWhole(",
    },
    {
      rule: "whoever meets an entry of a page that is being split waits",
      file: "assembly/rmap/huge-entry.ts",
      from: "  if (hugeEntry(pmd) & PTE_SPLITTING) {",
      to: "  if (false) {",
      ...atRaces,
    },
    {
      rule: "fork copies no entry of a page that is being split",
      file: entry,
      from: "splitting = (entry & PTE_SPLITTING) != 0;",
      to: "splitting = false;",
      ...atRaces,
    },
    {
      rule: "a copy is put in place only if the entry is still the same",
      file: fault,
      from: "  putPage(head);\n  const same = pmdIsHuge(pmd) && hugeEntry(pmd) == entry;",
      to: "  putPage(head);\n  const same = pmdIsHuge(pmd);",
      ...atRaces,
    },
    {
      rule: "an s390x has no marks in the entry of a huge page that its only owner may write to again",
      file: fault,
      from: "setHugeEntry(pmd, seen | pteBits(hugeBits(vma)));",
      to: "setHugeEntry(pmd, seen | hugeBits(vma));",
    },
    {
      rule: "of two that make a huge page the second finds the first's",
      file: fault,
      from: "  if (pmdIsNone(pmd)) {\n    if (hugeEntryInstall",
      to: "  {\n    if (hugeEntryInstall",
      ...atRaces,
    },
  ],
};
