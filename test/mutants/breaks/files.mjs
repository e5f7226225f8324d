const truncate = "assembly/mm/truncate.ts";
const mkclean = "assembly/rmap/mkclean.ts";

export default {
  group: "files",
  tests: [
    "test/api/file",
    "test/api/page-cache",
    "test/api/writeback",
    "test/rmap/cleaning",
    "test/explore/races",
    "test/explore/outcomes",
  ],
  breaks: [
    {
      rule: "writing a page back protects its entries first",
      file: "assembly/mm/writeback.ts",
      from: "if (mapping && accountsDirty(mapping) && pageMkclean(frame)) setPageDirty(frame);",
      to: "",
    },
    {
      rule: "page_mkclean asks shared VMAs only",
      file: mkclean,
      from: "if (!isShared(vma)) {",
      to: "if (false) {",
    },
    {
      rule: "page_mkclean keeps the accessed bit",
      file: mkclean,
      from: "store<u64>(pte, entry & ~(PTE_DIRTY | PTE_WRITE));",
      to: "store<u64>(pte, entry & ~(PTE_DIRTY | PTE_WRITE | 32));",
    },
    {
      rule: "the first write to a clean page of a disk is noticed",
      file: "assembly/struct/vma-prot.ts",
      from: "accountsDirty(mappingOf(vma))\n",
      to: "false\n",
    },
    {
      rule: "a write through a shared mapping makes the page dirty",
      file: "assembly/mm/fault-write-protect.ts",
      from: "  setPageDirty(frame);\n  if (notified) unlockPage(frame);",
      to: "  if (notified) unlockPage(frame);",
    },
    {
      rule: "truncation takes private copies too",
      file: truncate,
      from: "const only: u32 = evenCows ? 0 : <u32>changetype<usize>(mapping);",
      to: "const only: u32 = <u32>changetype<usize>(mapping);",
    },
    {
      rule: "truncation unmaps twice: a copy may have been made meanwhile",
      file: truncate,
      from: "    unmapMappingRange(mapping, pages, u64.MAX_VALUE, true);\n  }",
      to: "  }",
    },
    {
      rule: "a hole leaves private copies",
      file: truncate,
      from: "unmapMappingRange(mapping, first, end - 1, false);",
      to: "unmapMappingRange(mapping, first, end - 1, true);",
    },
    {
      rule: "invalidation leaves dirty pages",
      file: truncate,
      from: "if (pageTest(frame, PageFlag.Dirty) || !tryToReleasePage(frame)) return false;",
      to: "if (!tryToReleasePage(frame)) return false;",
    },
    {
      rule: "a dirty page keeps its buffers",
      file: "assembly/struct/page-dirty.ts",
      from: "if (pageTest(frame, PageFlag.Dirty) || pageTest(frame, PageFlag.Writeback)) return false;",
      to: "",
    },
  ],
};
