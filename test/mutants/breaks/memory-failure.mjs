const failure = "assembly/mm/memory-failure.ts";
const unmap = "assembly/mm/memory-unmap.ts";
const kill = "assembly/mm/memory-kill.ts";
const frames = "assembly/struct/frame-list.ts";

export default {
  group: "memory failure",
  tests: ["test/api/memory-failure"],
  breaks: [
    {
      rule: "a broken frame is passed over when its turn comes",
      file: frames,
      from: "} while (pageTest(frame, PageFlag.HwPoison));",
      to: "} while (false);",
    },
    {
      rule: "a broken frame that is given back is not counted as free",
      file: frames,
      from: "if (pageTest(frame, PageFlag.HwPoison)) state.framesBroken++;",
      to: "",
    },
    {
      rule: "memory_failure holds the page for ever",
      file: failure,
      from: "  unlockPage(frame);\n  return result;",
      to: "  pageClear(frame, PageFlag.Failed);\n  unlockPage(frame);\n  putPage(frame);\n  return result;",
    },
    {
      rule: "a page that KSM shares stays where it is",
      file: unmap,
      from: "if (pageIsKsm(frame)) return -1;",
      to: "",
    },
    {
      rule: "locked VMAs do not keep a broken page",
      file: unmap,
      from: "Unmap.Unmap | Unmap.IgnoreMlock | Unmap.IgnoreAccess;",
      to: "Unmap.Unmap | Unmap.IgnoreAccess;",
    },
    {
      rule: "a page in the swap cache leaves swap entries",
      file: unmap,
      from: "if (pageTest(frame, PageFlag.SwapCache)) how |= Unmap.IgnoreHwpoison;",
      to: "",
    },
    {
      rule: "a clean page of a disk goes without a trace",
      file: unmap,
      from: "      loses = false;\n      how |= Unmap.IgnoreHwpoison;",
      to: "      loses = false;",
    },
    {
      rule: "processes are told only if something was lost",
      file: unmap,
      from: "killProcs(frame, pageTest(frame, PageFlag.Dirty), !gone)",
      to: "killProcs(frame, true, !gone)",
    },
    {
      rule: "who uses an anonymous page is found out before it is unmapped",
      file: unmap,
      from: "if (loses && early) collectProcs(frame);",
      to: "",
    },
    {
      rule: "only those who have an anonymous page are told",
      file: kill,
      from: "isOfFile(source) || pageMappedInVma(frame, vma)",
      to: "true",
    },
    {
      rule: "a dirty page stays in the swap cache for who comes back for it",
      file: failure,
      from: "  if (kind == FailedPage.SwapCacheDirty) {\n    result = keepInSwapCache(frame);",
      to: "  if (kind == FailedPage.SwapCacheDirty) {\n    result = leaveToSwap(frame);",
    },
    {
      rule: "what was kept in memory only is zero once its page is broken",
      file: failure,
      from: "if (isSwapBacked(mapping) && fileWord(mapping, index)) {",
      to: "if (false) {",
    },
    {
      rule: "a page of memory alone that was written to is not thrown away",
      file: failure,
      from: "if (isUnevictable(mapping)) {",
      to: "if (false) {",
    },
    {
      rule: "a page that somebody else holds has not been taken out of use",
      file: failure,
      from: "return pageRefcount(frame) == known ? result : MemoryFailure.Failed;",
      to: "return result;",
    },
  ],
};
