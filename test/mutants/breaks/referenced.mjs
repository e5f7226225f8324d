const one = "assembly/rmap/referenced-one.ts";
const all = "assembly/rmap/referenced.ts";

export default {
  group: "referenced",
  tests: ["test/rmap/referenced"],
  breaks: [
    {
      rule: "page_referenced_one names a locked VMA, so that the walk stops",
      file: one,
      from: "return LOCKED;",
      to: "return FOUND;",
    },
    {
      rule: "a touch through a sequential VMA is not counted",
      file: one,
      from: "if (!(vma.flags & VmFlag.SeqRead)) found",
      to: "found",
    },
    {
      rule: "a touch through a sequential VMA is cleared",
      file: one,
      from: "  if (mmHasNotifiers(mm) ?",
      to: "  if (vma.flags & VmFlag.SeqRead ? (load<u64>(pte) & 0x20) != 0 : mmHasNotifiers(mm) ?",
    },
    {
      rule: "the walk stops when as many entries were found as the page has mappings",
      file: all,
      from: "if (one & FOUND) mapcount--;",
      to: "",
    },
    {
      rule: "reclaim for one memcg asks its processes only",
      file: all,
      from: "if (memcg && !isSameOrSubtree(memcg, changetype<MmStruct>(<usize>vma.mm).memcg)) {",
      to: "if (false) {",
    },
    {
      rule: "flags are those of the VMAs that counted",
      file: all,
      from: "if (one >= REFERENCED) {",
      to: "flags |= vma.flags;\n    if (one >= REFERENCED) {",
    },
    {
      rule: "a file page that can't be locked counts as referenced",
      file: all,
      from: "let result: u64 = 1;",
      to: "let result: u64 = 0;",
    },
    {
      rule: "so does a page of KSM's",
      tests: ["test/rmap/ksm"],
      file: all,
      from: "let result: u64 = 1;",
      to: "let result: u64 = pageIsKsm(frame) ? 0 : 1;",
    },
  ],
};
