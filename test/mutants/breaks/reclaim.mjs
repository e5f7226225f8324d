const pageout = "assembly/mm/pageout.ts";
const swap = "assembly/mm/swap.ts";
const slot = "assembly/struct/swap-slot.ts";
const lru = "assembly/struct/lru.ts";

export default {
  group: "reclaim",
  tests: [
    "test/api/reclaim",
    "test/api/swap",
    "test/api/list-position",
    "test/api/page-cache",
    "test/api/ksm",
  ],
  breaks: [
    {
      rule: "pages leave the list together before one is looked at",
      tests: ["test/explore/memcg-races"],
      file: "assembly/mm/vmscan.ts",
      from: "for (let frame = isolateLruPages(list, n); frame;) {\n    const next = lruNext(frame);\n    if (!target) vmStat(kswapd ? VmStat.PgScanKswapd : VmStat.PgScanDirect, 1);\n    // An allocation never writes files: it would wait on top of a deep stack.\n    const fate = shrinkPage(frame, target, false, kswapd ? priority : DEF_PRIORITY);\n    if (fate == PageFate.Reclaimed) reclaimed++;\n    frame = next;\n",
      to: "for (let left = n, frame = isolateLruPages(list, 1); frame;) {\n    if (!target) vmStat(kswapd ? VmStat.PgScanKswapd : VmStat.PgScanDirect, 1);\n    // An allocation never writes files: it would wait on top of a deep stack.\n    const fate = shrinkPage(frame, target, false, kswapd ? priority : DEF_PRIORITY);\n    if (fate == PageFate.Reclaimed) reclaimed++;\n    frame = --left ? isolateLruPages(list, 1) : 0;\n",
    },
    {
      rule: "a swap-backed page that was touched is activated",
      file: pageout,
      from: "if (swapBacked) return Advised.Activate;",
      to: "if (swapBacked) return Advised.Keep;",
    },
    {
      rule: "a file page is activated at the second touch only",
      file: pageout,
      from: "if (again || n > 1 || referencedFlags(result) & VmFlag.Exec) return",
      to: "if (n > 1 || referencedFlags(result) & VmFlag.Exec) return",
    },
    {
      rule: "program text is activated at the first touch",
      file: pageout,
      from: "if (again || n > 1 || referencedFlags(result) & VmFlag.Exec) return",
      to: "if (again || n > 1) return",
    },
    {
      rule: "a locked VMA's page is given to try_to_unmap, which mlocks it",
      tests: ["test/api/mlock"],
      file: pageout,
      from: "if (referencedFlags(result) & VmFlag.Locked) return Advised.Reclaim;",
      to: "if (referencedFlags(result) & VmFlag.Locked) return Advised.Keep;",
    },
    {
      rule: "a page under writeback is kept",
      file: pageout,
      from: "if (pageTest(frame, PageFlag.Writeback)) return PageFate.Kept;",
      to: "",
    },
    {
      rule: "reclaim of one memcg waits for writeback that it meets again",
      file: pageout,
      from: "if (!memcg || !pageTest(frame, PageFlag.Reclaim)) {",
      to: "if (true) {",
    },
    {
      rule: "what reclaim has written is the next to go",
      file: "assembly/mm/writeback.ts",
      from: "if (endPageWriteback(frame)) rotateReclaimablePage(frame);",
      to: "endPageWriteback(frame);",
    },
    {
      rule: "every round makes some anonymous pages old",
      file: "assembly/mm/vmscan.ts",
      from: "  rebalanceAnon(memcg, target);\n",
      to: "",
    },
    {
      rule: "what gives its slot up is dirty",
      file: swap,
      from: "deleteFromSwapCache(frame);\n  pageSet(frame, PageFlag.Dirty);\n  return true;",
      to: "deleteFromSwapCache(frame);\n  return true;",
    },
    {
      rule: "swapoff asks for frames for all copies that a page which is back may need",
      file: "assembly/mm/swapoff.ts",
      from: "slot.frame && !pageMapping(slot.frame)",
      to: "slot.frame",
    },
    {
      rule: "a page that is held from outside is kept",
      file: "assembly/struct/page-dirty.ts",
      from: "return pageRefcount(frame) == 2 && !pageTest(frame, PageFlag.Dirty);",
      to: "return !pageTest(frame, PageFlag.Dirty);",
    },
    {
      rule: "a reference that isolation took is not unpin's to drop",
      file: "assembly/mm/page-operation.ts",
      from: "if (pins == <u32>pageTest(frame, PageFlag.Isolated)) return Errno.EINVAL;",
      to: "if (pins == 0) return Errno.EINVAL;",
    },
    {
      rule: "a culled page gives its slot up",
      tests: ["test/api/swap-slot"],
      file: pageout,
      from: "    if (fate == PageFate.Culled) tryToFreeSwapOf(frame);\n",
      to: "",
    },
    {
      rule: "reclaim of one memcg leaves the others' pages",
      file: "assembly/mm/vmscan.ts",
      from: "let memcg = target ? memcgTurn(target, priority) : header().rootMemcg;",
      to: "let memcg = header().rootMemcg;",
    },
    {
      rule: "a page that can't be evicted goes to the unevictable list",
      file: lru,
      from: "return !pageTest(frame, PageFlag.Mlocked);",
      to: "return true;",
    },
    {
      rule: "what was swapped out comes back with its contents",
      file: swap,
      from: "pageSetWord(frame, slotAt(slot).word);",
      to: "",
    },
    {
      rule: "a page is the writer's own only if no swap entry leads to it",
      file: swap,
      from: "owners += pageSwapcount(frame);",
      to: "",
    },
    {
      rule: "a page under writeback stays in the swap cache",
      file: swap,
      from: "if (owners == 1 && !pageTest(frame, PageFlag.Writeback)) {",
      to: "if (owners == 1) {",
    },
    {
      rule: "with swap over half full a page that came back gives up its slot",
      file: swap,
      from: "return header().swapInUse * 2 > header().swapLimit;",
      to: "return false;",
    },
    {
      rule: "counts above 62 need a page, which may not be had",
      tests: ["test/rmap/unmapping"],
      file: slot,
      from: "const done = !swapCountNeedsPage(slot, 1);",
      to: "const done = true;",
    },
    {
      rule: "a frame that counts a slot's entries is no page",
      file: slot,
      from: "return pagePrivate(frame) != 0 && !(pageFlags(frame) & others);",
      to: "return false;",
    },
    {
      rule: "areas with a higher priority are filled first",
      file: slot,
      from: "if (best < 0 || area.priority > swapArea(<u32>best).priority) best = i;",
      to: "if (best < 0) best = i;",
    },
    {
      rule: "swap-in makes a page of another family a copy",
      file: "assembly/mm/fault-swap.ts",
      from: "if (changetype<AnonVma>(<usize>vma.anonVma).root != root) return false;",
      to: "",
    },
  ],
};
