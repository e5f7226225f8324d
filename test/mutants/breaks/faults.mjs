const zap = "assembly/mm/zap.ts";
const fork = "assembly/mm/fork.ts";
const fileFault = "assembly/mm/fault-file.ts";

export default {
  group: "faults",
  tests: ["test/api/file-data"],
  breaks: [
    {
      rule: "an entry that goes leaves its page dirty, if it was",
      file: zap,
      from: "    if (entry & PTE_DIRTY) setPageDirty(frame);\n",
      to: "",
    },
    {
      rule: "truncation leaves swap entries",
      tests: ["test/api/page-cache"],
      file: zap,
      from: "} else if (!present) {",
      to: "} else {",
    },
    {
      rule: "of two first writes to one page the second finds the first's",
      tests: ["test/explore/races"],
      file: "assembly/mm/fault-anon.ts",
      from: "  if (load<u64>(pte)) {\n    ptlUnlock(pmd);\n    dropNewPage(frame);",
      to: "  if (false) {\n    ptlUnlock(pmd);\n    dropNewPage(frame);",
    },
    {
      rule: "a page that its file has lost meanwhile is not mapped",
      tests: ["test/explore/outcomes"],
      file: fileFault,
      from: "else if (pageFileMapping(cached) == <u32>changetype<usize>(mapping)) {",
      to: "else {",
    },
    {
      rule: "a fault that writes to a shared mapping leaves the page dirty",
      file: fileFault,
      from: "  if (write) setPageDirty(cached);",
      to: "",
    },
    {
      rule: "write(2) leaves the page dirty",
      file: "assembly/mm/file-io.ts",
      from: "    setPageDirty(frame);\n",
      to: "",
    },
    {
      rule: "the copy is in its place before the old page loses its mapping",
      tests: ["test/explore/outcomes"],
      file: "assembly/mm/fault-write-protect.ts",
      from: "  store<u64>(pte, 0);\n  pageAddNewAnonRmap(copy, vma, address);\n  setPteAtNotify(mm, address, pte, pteOf(copy, writtenBits(vma)));\n  if (old) {\n    pageRemoveRmap(old);\n",
      to: "  if (old) pageRemoveRmap(old);\n  pageAddNewAnonRmap(copy, vma, address);\n  setPteAtNotify(mm, address, pte, pteOf(copy, writtenBits(vma)));\n  if (old) {\n",
    },
    {
      rule: "fork leaves no migration entry writable",
      tests: ["test/explore/outcomes"],
      file: fork,
      from: "if (pteMigrationIsWritable(entry) && isCowMapping(vma.flags)) {",
      to: "if (false) {",
    },
  ],
};
