const walk = "assembly/rmap/ksm-walk.ts";
const scan = "assembly/mm/ksm-scan.ts";
const slot = "assembly/mm/ksm-slot.ts";

/** Rules that hold between paths that meet. */
const races = {
  tests: ["test/explore/ksm-races"],
};

export default {
  group: "ksm",
  tests: ["test/api/ksm", "test/rmap/ksm"],
  breaks: [
    {
      rule: "the walk finds the pages of children in a second pass",
      file: walk,
      from: "for (let pass = 0; pass < 2 && !stop; pass++) {",
      to: "for (let pass = 0; pass < 1 && !stop; pass++) {",
    },
    {
      rule: "the walk visits a place's own address space first",
      file: walk,
      from: "return pass == 0 ? item.mm == vma.mm : item.mm != vma.mm;",
      to: "return pass == 1 ? item.mm == vma.mm : item.mm != vma.mm;",
    },
    {
      rule: "the walk asks an anon_vma for everything it has",
      file: walk,
      from: "const asksForAll = how == <u32>KsmWalk.AllVmas;",
      to: "const asksForAll = false;",
    },
    {
      rule: "the exact walk asks for one index alone",
      file: walk,
      from: "const last = asksForAll ? u64.MAX_VALUE : first;",
      to: "const last = u64.MAX_VALUE;",
    },
    {
      rule: "the exact walk asks for the index that the place had, which no address tells",
      file: walk,
      from: "? item.address >> PAGE_SHIFT : item.index;",
      to: "? item.address >> PAGE_SHIFT : item.address >> PAGE_SHIFT;",
    },
    {
      rule: "the naive walk asks for the place's address",
      file: walk,
      from: "? item.address >> PAGE_SHIFT : item.index;",
      to: "? item.index : item.index;",
    },
    {
      rule: "a place that comes to share again may have another index",
      file: slot,
      from: "item.index = linearPageIndex(vma, item.address);",
      to: "if (!item.index) item.index = linearPageIndex(vma, item.address);",
    },
    {
      rule: "the walk for references filters by memcg",
      file: walk,
      from: "if (argument && !isSameOrSubtree(argument, changetype<MmStruct>(<usize>vma.mm).memcg)) {",
      to: "if (false) {",
    },
    {
      rule: "a page must be unchanged between two scans",
      file: scan,
      from: "if (item.checksum != word) {",
      to: "if (false) {",
    },
    {
      rule: "the stable tree is asked first",
      file: scan,
      from: "const found = shared ? frame : stableTreeSearch(pageReadWord(frame));",
      to: "const found: u32 = shared ? frame : 0;",
    },
    {
      rule: "a write to a shared page makes a copy",
      file: "assembly/mm/swap.ts",
      from: "if (pageIsKsm(frame)) return false;",
      to: "",
    },
    {
      rule: "a walk for references ends when all mappings are found",
      tests: ["test/rmap/ksm"],
      file: walk,
      from: "      if (visit == KsmVisit.Referenced && mapcount <= 0) stop = true;\n",
      to: "",
    },
    {
      rule: "a shared page whose frame is another page's by now is not found",
      file: "assembly/struct/ksm.ts",
      from: "if (pageGeneration(frame) != stable.generation || !pageRefcount(frame)) return 0;\n  return pageStableNode(frame) == node ? frame : 0;",
      to: "return frame;",
    },
    {
      rule: "taking a range apart ends where there is no frame for a copy",
      file: "assembly/mm/ksm-break.ts",
      from: "    if (error) return error;\n",
      to: "",
    },
    {
      rule: "a place pins its anon_vma",
      file: slot,
      from: "getAnonVma(changetype<AnonVma>(<usize>vma.anonVma));",
      to: "",
    },
    {
      rule: "a page that somebody holds is not merged",
      file: "assembly/mm/ksm-merge.ts",
      from: "const known = pageMapcount(frame) + 1 + cache == pageRefcount(frame);",
      to: "const known = true;",
    },
    {
      rule: "merging in a locked VMA mlocks the shared page",
      file: "assembly/mm/ksm-merge.ts",
      from: "mlockVmaPage(shared);",
      to: "",
    },
    {
      rule: "madvise(MADV_UNMERGEABLE) takes the range apart",
      file: "assembly/mm/madvise.ts",
      from: "if (advice == Advice.Unmergeable && unmergeKsmPages(vma, start, end)) return Errno.ENOMEM;",
      to: "",
    },
    {
      rule: "a child's merged pages can be found and merged again",
      file: "assembly/mm/fork.ts",
      from: "if (done && parent.ksmSlot) done = ksmEnter(child);",
      to: "",
    },
    {
      rule: "KSM scans alone",
      file: "assembly/struct/ksm.ts",
      from: 'return changetype<usize>(header()) + offsetof<Header>("ksmThreadMutex");',
      to: "return changetype<usize>(header()) + 1024 + ((<usize>header().actor) << 2);",
      ...races,
    },
    {
      rule: "KSM does not forget the address space that it is at",
      file: slot,
      from: "if (slot != header().ksmCursor && !slotOfMm(slot).rmapList) {",
      to: "if (!slotOfMm(slot).rmapList) {",
      ...races,
    },
    {
      rule: "exit waits until KSM has let go of mmap_sem",
      file: slot,
      from: "downWrite(mmapSem(mm), Doing.KsmExit);",
      to: "return;",
      ...races,
    },
    {
      rule: "a place leaves the list of its page under the page's lock",
      file: slot,
      from: "const frame = pageOfStableNode(item.head);",
      to: "const frame: u32 = 0;",
      ...races,
    },
    {
      rule: "KSM merges nothing in a VMA without anon_vma",
      file: "assembly/mm/ksm-merge.ts",
      from: "vma.anonVma != 0 && mergeOne(vma, frame, shared)",
      to: "mergeOne(vma, frame, shared)",
      ...races,
    },
    {
      rule: "a mapping that both passes of the walk meet is recorded once",
      file: walk,
      from: "if (room && pass == 1 && isRecorded(out, room, vma, item.address)) {",
      to: "if (false) {",
    },
  ],
};
