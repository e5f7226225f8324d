const anonVma = "assembly/rmap/anon-vma.ts";

export default {
  group: "lifetime",
  tests: ["test/rmap/objects"],
  breaks: [
    {
      rule: "a clone that fails takes back what it had linked",
      file: anonVma,
      from: "  if (failed) {\n    unlinkAnonVmas(dst);",
      to: "  if (failed) {",
    },
    {
      rule: "the root is freed before the child that held it",
      file: anonVma,
      from: "    if (--root.refcount == 0) anonVmaFree(root);\n  }\n  anonVmaFree(anonVma);",
      to: "    anonVmaFree(anonVma);\n    if (--root.refcount == 0) anonVmaFree(root);\n    return;\n  }\n  anonVmaFree(anonVma);",
    },
    {
      rule: "whoever has the root's mutex has finished before an anon_vma is freed",
      file: anonVma,
      from: "  if (isLocked(mutex)) {",
      to: "  if (false) {",
    },
    {
      rule: "who loses the race for a VMA's first anon_vma frees its own",
      file: anonVma,
      from: "if (fresh) putAnonVma(anonVma);",
      to: "",
    },
    {
      rule: "no anon_vma is taken of a neighbour with a longer chain",
      file: "assembly/struct/anon-vma.ts",
      from: "return vma.chainHead != 0 && vma.chainHead == vma.chainTail;",
      to: "return vma.chainHead != 0;",
    },
    {
      rule: "nor of one whose pgoff does not go on",
      file: "assembly/mm/anon-prepare.ts",
      from: "b.pgoff == a.pgoff + ((b.start - a.start) >> PAGE_SHIFT);",
      to: "true;",
    },
  ],
};
