const stack = "assembly/mm/stack.ts";
const exec = "assembly/mm/exec.ts";

export default {
  group: "stacks",
  tests: ["test/api/stack", "test/api/exec"],
  breaks: [
    {
      rule: "a VMA leaves the trees of its anon_vmas before it grows",
      file: stack,
      from: "anonIndexPreUpdate(vma);",
      to: "",
    },
    {
      rule: "and comes back where its new bounds belong",
      tests: ["test/check/anon-index", "test/rmap/invariants", "test/api/stack"],
      file: stack,
      from: "      anonIndexPreUpdate(vma);\n      vma.start = start;\n      vma.pgoff -= pages;\n      anonIndexPostUpdate(vma);\n",
      to: "      vma.start = start;\n      vma.pgoff -= pages;\n",
    },
    {
      rule: "a stack grows under the mutex of its anon_vma",
      tests: ["test/explore/stack-races"],
      file: stack,
      from: "anonVmaLock(anonVma, Doing.ExpandStack);",
      to: "",
    },
    {
      rule: "under the mutex it is asked again whether it still has to grow",
      tests: ["test/explore/stack-races"],
      file: stack,
      from: "if (start < vma.start) {",
      to: "if (true) {",
    },
    {
      rule: "the pgoff moves along with the beginning of a stack",
      file: stack,
      from: "vma.pgoff -= pages;",
      to: "",
    },
    {
      rule: "a VMA grows to the beginning of what it shows at most",
      file: stack,
      from: "if (pages <= vma.pgoff && accountGrowth",
      to: "if (accountGrowth",
    },
    {
      rule: "a stack has a limit",
      file: stack,
      from: "if ((vma.end - start) >> PAGE_SHIFT > stackLimit()) return false;",
      to: "",
    },
    {
      rule: "what a locked stack grows by is counted as locked",
      file: stack,
      from: "mm.lockedVm += <u32>pages;",
      to: "",
    },
    {
      rule: "a stack does not run into what is mapped below it",
      file: stack,
      from: "== address) return continuesBelow(vma);",
      to: "== address) return true;",
    },
    {
      rule: "a page stays free below a stack",
      file: stack,
      from: "if (address >= <u64>PAGE_SIZE) expandStack(vma, address - PAGE_SIZE);",
      to: "",
    },
    {
      rule: "mlock leaves the lowest page of a stack alone",
      file: "assembly/mm/populate.ts",
      from: "if (isStackGuardPage(vma, at)) break;",
      to: "",
    },
    {
      rule: "the marks of exec's stack go in the end",
      file: exec,
      from: "vma.flags &= ~STACK_SETUP;",
      to: "",
    },
    {
      rule: "exec's stack keeps its pgoff when it moves",
      file: exec,
      from: "vmaAdjust(vma, start, end, vma.pgoff, 0);",
      to: "vmaAdjust(vma, start, end, start >> PAGE_SHIFT, 0);",
    },
    {
      rule: "tables that only the temporary stack needed go",
      file: exec,
      from: "freePageTables(mm, max(end, oldStart), oldEnd, end, 0);",
      to: "",
    },
    {
      rule: "arguments may take a quarter of what a stack may have",
      file: exec,
      from: "if (size > ARG_MAX && size > stackLimit() / 4) return Errno.E2BIG;",
      to: "",
    },
  ],
};
