const tree = "assembly/index/prio-tree.ts";
const ring = "assembly/index/prio-ring.ts";

export default {
  group: "prio-trees",
  tests: ["test/index", "test/check/prio-index"],
  breaks: [
    {
      rule: "of VMAs that reach as far the one that begins first is nearer to a prio tree's root",
      file: tree,
      from: "return last == other ? prioFirst(a) < prioFirst(b) : last > other;",
      to: "return last == other ? prioFirst(a) > prioFirst(b) : last > other;",
    },
    {
      rule: "whoever comes to a place of a prio tree turns by its bit",
      file: tree,
      from: "  to.turn = from.turn;\n",
      to: "",
    },
    {
      rule: "a prio tree's first bit more costs no level",
      file: tree,
      from: "  if (last >> (<u64>bits)) bits++;\n",
      to: "",
    },
    {
      rule: "below a VMA that leaves a prio tree, of two that reach as far the left one moves up",
      file: tree,
      from: "prioLast(left) >= prioLast(right)",
      to: "prioLast(left) > prioLast(right)",
    },
    {
      rule: "where the bits of the first pgoff are used up, a prio tree goes on with the highest of the size",
      file: tree,
      from: "(last - first) >> (<u64>(BITS + turn))",
      to: "(last - first) >> (<u64>(-1 - turn))",
    },
    {
      rule: "a search of a prio tree passes over what begins too late to the right",
      file: tree,
      from: "return prunes ? (prioFirst(node) & ~(bit - 1)) | bit : bit;",
      to: "return bit;",
    },
    {
      rule: "v3.4 lost what the first pgoffs to the right of a prio tree's place begin with",
      file: tree,
      from: "return prunes ? (prioFirst(node) & ~(bit - 1)) | bit : bit;",
      to: "return (prioFirst(node) & ~(bit - 1)) | bit;",
    },
    {
      rule: "a search of a prio tree that has come too far to the left for a first find has no need to come back",
      file: tree,
      from: "    if (!below || prioLast(below) < start) {\n      below = at(node).right;",
      to: "    if (below) {\n      below = at(node).right;",
    },
    {
      rule: "a child's VMA comes last in the ring of the one that is in the tree",
      file: ring,
      from: "linkAfter(node, at(head).left);",
      to: "linkAfter(node, head);",
    },
    {
      rule: "the next in the ring is head when the head takes a place in the tree",
      file: ring,
      from: "    setHead(head, after);\n  } else {",
      to: "    setHead(head, 0);\n  } else {",
    },
    {
      rule: "the next in the ring is head when the head leaves",
      file: ring,
      from: "    if (head) setHead(head, after);\n",
      to: "",
    },
    {
      rule: "a walk goes through the whole ring of a VMA",
      file: ring,
      from: "    if (at(after).head) return",
      to: "    return",
    },
    {
      rule: "before v3.7 a nonlinear VMA's child comes right after it in the list",
      file: "assembly/index/file-index.ts",
      from: "if (nonlinear && prio) nonlinearInsertAfter(mapping, vma, parent);\n  else if",
      to: "if",
    },
    {
      rule: "a search that passes very many nodes is counted in full",
      file: "assembly/rmap/walk-cost.ts",
      from: "return header().longTouched != 0;",
      to: "return false;",
    },
    {
      rule: "what truncation passes is no part of the next walk",
      file: "assembly/index/file-index.ts",
      from: "const step = prioRingNext(node, start, last, prioTreesPrune());\n  forgetLongStep();",
      to: "const step = prioRingNext(node, start, last, prioTreesPrune());",
    },
  ],
};
