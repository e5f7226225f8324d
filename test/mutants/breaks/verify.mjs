const frames = "assembly/check/frames.ts";

export default {
  group: "verify",
  tests: ["test/check"],
  breaks: [
    {
      rule: "I1: mapcount is compared with the entries found",
      file: frames,
      from: "if (mapcount != <i32>entries) {",
      to: "if (false) {",
    },
    {
      rule: "I2: a page must be found through its anon_vma",
      file: "assembly/check/page-tables.ts",
      from: "violated(Violated.Unreachable, <f64>frame, pid, <f64>address, numberOf(anonVma));",
      to: "",
    },
    {
      rule: "I3: a page's index is compared with the place of its entry",
      tests: ["test/check/pages"],
      file: "assembly/check/page-tables.ts",
      from: "if (index != expected && !isNonlinear(area)) {",
      to: "if (false) {",
    },
    {
      rule: "I4: rss is compared with the entries found",
      tests: ["test/check/counters"],
      file: "assembly/check/page-tables.ts",
      from: "if (counter != recount) violated(kind, pid, <f64>counter, <f64>recount);",
      to: "",
    },
    {
      rule: "I4: NR_ANON_PAGES is compared with the pages found",
      tests: ["test/check/counters"],
      file: frames,
      from: "violatedUnless(Violated.NrAnonPages, <f64>state.nrAnonPages, <f64>anonPages);",
      to: "",
    },
    {
      rule: "I4: swap counts are compared with the entries found",
      file: "assembly/check/swap.ts",
      from: "if (slot.count != entries) {",
      to: "if (false) {",
    },
    {
      rule: "I6: an mlocked page is mapped",
      file: frames,
      from: "if (!entries && mappedIfMlocked) violated(Violated.MlockedUnmapped, <f64>frame);",
      to: "",
    },
    {
      rule: "I6: NR_MLOCK is compared with the pages found",
      tests: ["test/check/mlock"],
      file: frames,
      from: "violatedUnless(Violated.NrMlock, vmStatOf(VmStat.NrMlock), <f64>mlocked);",
      to: "",
    },
    {
      rule: "I7: what can be written through an entry is dirty",
      file: "assembly/check/page-tables.ts",
      from: "violated(Violated.WritableClean, <f64>frame, pid, <f64>address);",
      to: "",
    },
    {
      rule: "I8: no migration entry outlives its migration",
      file: "assembly/check/page-tables.ts",
      from: "violated(Violated.MigrationEntry, pid, <f64>address, <f64>pteFrame(entry));",
      to: "",
    },
    {
      rule: "I10: KSM's places pin their anon_vma",
      file: "assembly/check/ksm.ts",
      from: "violated(Violated.KsmPin, pidOf(item.mm), <f64>item.address);",
      to: "",
    },
    {
      rule: "I11: a tree's maxima are compared with what is below",
      tests: ["test/check/anon-index"],
      file: "assembly/index/interval-tree.ts",
      from: "if (at(node).subtreeLast != subtreeLastOf(node)) return fault(TreeFault.Maximum, node);",
      to: "",
    },
    {
      rule: "I12: no page stays locked",
      file: "assembly/check/locks.ts",
      from: "violated(Violated.PageLocked, <f64>frame);",
      to: "",
    },
    {
      rule: "a page is on the list that its flags say",
      file: "assembly/check/lru.ts",
      from: "if (!belongs || pageMemcg(frame) != memcg || pageRefcount(frame) <= 0) {",
      to: "if (false) {",
    },
  ],
};
