const tree = "assembly/index/interval-tree.ts";
const balance = "assembly/index/rb-tree.ts";

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
  ],
};
