const tree = "assembly/index/interval-tree.ts";
const balance = "assembly/index/rb-tree.ts";
const adjust = "assembly/mm/vma-adjust.ts";

export default {
  group: "indexes",
  tests: ["test/rmap/invariants", "test/check/anon-index", "test/api/walks"],
  breaks: [
    {
      rule: "VMAs that begin at one pgoff stay in the order in which they were linked",
      file: tree,
      from: "link = <usize>here + (first < nodeFirst(at(here)) ? LEFT : RIGHT);",
      to: "link = <usize>here + (first <= nodeFirst(at(here)) ? LEFT : RIGHT);",
    },
    {
      rule: "a search leaves no subtree out that reaches the range",
      file: tree,
      from: "if (at(left).subtreeLast >= start) {",
      to: "if (at(left).subtreeLast > start) {",
    },
    {
      rule: "what a removal changes below the node that takes the place goes up through it",
      file: balance,
      from: "rbPropagateThrough(parent, successor);",
      to: "",
    },
    {
      rule: "a rotation corrects the maximum of the node that goes down",
      file: balance,
      from: "    refresh(node);\n  }\n}\n\n/** Links",
      to: "  }\n}\n\n/** Links",
    },
    {
      rule: "what leaves the end of a list leaves another end",
      file: "assembly/index/anon-list.ts",
      from: "else anonVma.tail = before;",
      to: "",
    },
    {
      rule: "all links of a VMA come back into their trees after its bounds changed, not the newest alone",
      file: "assembly/index/anon-index.ts",
      from: "    anonIndexInsert(chain);\n    at = chain.older;\n",
      to: "    anonIndexInsert(chain);\n    at = 0;\n",
    },
    {
      rule: "a next VMA whose start moves along leaves the trees, also for one that is in none",
      tests: ["test/api/merge", "test/api/mapping"],
      file: adjust,
      from: "return nextMoves ? vmaAt(next).anonVma : 0;",
      to: "return 0;",
    },
    {
      rule: "no VMA is in a tree while its bounds change",
      file: adjust,
      from: "  const guard = lockedAnonVma(vma, start, next, shift != 0, goes);\n",
      to: "  const guard: u32 = 0;\n",
    },
    {
      rule: "nor is the next one, when the boundary to it moves",
      file: adjust,
      from: `    if (shift) anonIndexPreUpdate(vmaAt(next));
  }
  if (keyed) {
    fileIndexRemove(keyed, vma);
    if (shift) fileIndexRemove(keyed, vmaAt(next));
  }

  vma.start = start;
  vma.end = end;
  vma.pgoff = pgoff;
  if (shift) {
    vmaAt(next).start += <u64>shift;
    vmaAt(next).pgoff += <u64>(shift >> PAGE_SHIFT);
  }

  if (keyed) {
    if (shift) fileIndexInsert(keyed, vmaAt(next));
    fileIndexInsert(keyed, vma);
  }
  if (goes) {
    vmaRemove(mm, vmaAt(next));
    if (mapping) fileIndexUnlink(mapping, vmaAt(next));
  } else if (insert) {
    vmaInsert(mm, vmaAt(insert));
  }
  if (guard) {
    anonIndexPostUpdate(vma);
    if (shift) anonIndexPostUpdate(vmaAt(next));
`,
      to: `  }
  if (keyed) {
    fileIndexRemove(keyed, vma);
    if (shift) fileIndexRemove(keyed, vmaAt(next));
  }

  vma.start = start;
  vma.end = end;
  vma.pgoff = pgoff;
  if (shift) {
    vmaAt(next).start += <u64>shift;
    vmaAt(next).pgoff += <u64>(shift >> PAGE_SHIFT);
  }

  if (keyed) {
    if (shift) fileIndexInsert(keyed, vmaAt(next));
    fileIndexInsert(keyed, vma);
  }
  if (goes) {
    vmaRemove(mm, vmaAt(next));
    if (mapping) fileIndexUnlink(mapping, vmaAt(next));
  } else if (insert) {
    vmaInsert(mm, vmaAt(insert));
  }
  if (guard) {
    anonIndexPostUpdate(vma);
`,
    },
    {
      rule: "the end of a VMA is part of a tree's key",
      tests: ["test/labs/labs"],
      file: adjust,
      from: "  if (header().anonIndex == <u32>AnonIndex.List) {",
      to: "  if (header().anonIndex >= <u32>AnonIndex.List) {",
    },
    {
      rule: "for a list nothing is locked where only the end of a VMA moves",
      tests: ["test/api/mremap-order"],
      file: adjust,
      from: "return vma.anonVma && (start != vma.start || nextMoves || nextGoes) ? vma.anonVma : 0;",
      to: "return vma.anonVma;",
    },
  ],
};
