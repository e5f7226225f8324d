const anonVma = "assembly/rmap/anon-vma.ts";
const deserted = "return anonVma.activeVmas == 0 && anonVma.children < 2;";

export default {
  group: "anon_vma reuse",
  tests: ["test/api/anon-vma-reuse", "test/api/merge", "test/api/exhaustion"],
  breaks: [
    {
      rule: "fork's child takes over no anon_vma that is a VMA's own",
      file: anonVma,
      from: deserted,
      to: "return anonVma.children < 2;",
    },
    {
      rule: "fork's child takes over no anon_vma with two children in use",
      file: anonVma,
      from: deserted,
      to: "return anonVma.activeVmas == 0;",
    },
    {
      rule: "fork's child takes over no root, which is its own child",
      file: anonVma,
      from: "if (fresh) anonVma.children++;",
      to: "",
    },
    {
      rule: "fork's child takes over the oldest anon_vma that is deserted, and nobody else does",
      file: anonVma,
      from: "if (reuses && !dst.anonVma && isDeserted(anonVma)) ",
      to: "if (reuses && isDeserted(anonVma)) ",
    },
    {
      rule: "v3.7's fork takes over no anon_vma",
      file: anonVma,
      from: "const reuses = header().anonVmaReuse == <u32>AnonVmaReuse.LowDegree;",
      to: "const reuses = true;",
    },
    {
      rule: "an anon_vma that was taken over is in use",
      file: anonVma,
      from: "if (dst.anonVma) anonVmaAt(dst.anonVma).activeVmas++;",
      to: "",
    },
    {
      rule: "an anon_vma that no VMA is in any more is nobody's child",
      file: anonVma,
      from: "anonVmaAt(anonVma.parent).children--;",
      to: "",
    },
    {
      rule: "a VMA that goes does not use its anon_vma any more",
      file: anonVma,
      from: "if (vma.anonVma) anonVmaAt(vma.anonVma).activeVmas--;",
      to: "",
    },
    {
      rule: "the parent of an anon_vma is the one of the VMA that was copied",
      file: anonVma,
      from: "anonVma.parent = parent.anonVma;",
      to: "anonVma.parent = anonVma.root;",
    },
    {
      rule: "who imports a chain uses its anon_vma from then on",
      file: "assembly/mm/vma-adjust.ts",
      from: "  importer.anonVma = exporter.anonVma;\n  return anonVmaClone(importer, exporter);",
      to: "  if (!anonVmaClone(importer, exporter)) return false;\n  importer.anonVma = exporter.anonVma;\n  return true;",
    },
  ],
};
