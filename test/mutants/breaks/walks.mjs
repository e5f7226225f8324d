const address = "assembly/rmap/address.ts";

export default {
  group: "walks",
  tests: ["test/rmap/address"],
  breaks: [
    {
      rule: "rmap_walk goes to the end",
      tests: ["test/rmap/unmapping"],
      file: "assembly/rmap/walk.ts",
      from: "      found++;\n    }\n  }\n",
      to: "      found++;\n      break;\n    }\n  }\n",
    },
    {
      rule: "page_address_in_vma compares roots",
      file: address,
      from: "if (changetype<AnonVma>(<usize>vma.anonVma).root != root) return OUTSIDE;",
      to: "",
    },
    {
      rule: "a VMA that an index offers and that does not hold the page is passed over",
      tests: ["test/api/walks"],
      file: address,
      from: "if (checked) return isInside(vma, address) ? address : OUTSIDE;",
      to: "if (checked) return address;",
    },
    {
      rule: "a migration entry is no match",
      file: address,
      from: "  if (pteIsPage(entry) && pteFrame(entry) == frame) return pmd;",
      to: "  if ((pteIsPage(entry) || (entry & 0xd) == 4) && pteFrame(entry) == frame) return pmd;",
    },
    {
      rule: "with `sync` an absent entry is noticed under its lock only",
      file: address,
      from: "if (!sync && !pteIsPage(load<u64>(pte))) {",
      to: "if (!pteIsPage(load<u64>(pte))) {",
    },
  ],
};
