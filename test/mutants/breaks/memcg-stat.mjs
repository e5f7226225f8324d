const flag = "assembly/rmap/page-stat-flag.ts";
const bracket = "assembly/rmap/page-stat.ts";
const record = "assembly/struct/page-cgroup.ts";
const group = "assembly/mm/memcg-group.ts";
const raced = { tests: ["test/explore/memcg-flag", "test/explore/memcg-races"] };

export default {
  group: "memcgStat",
  tests: ["test/api/memcg-stat", "test/check/memcg"],
  breaks: [
    {
      rule: "FILE_MAPPED is cleared only if nothing maps the page at that instant",
      ...raced,
      file: flag,
      from: "} else if (!pageMapped(frame)) {",
      to: "} else if (frame) {",
    },
    {
      rule: "FILE_MAPPED is set with the first mapping",
      file: flag,
      from: "    pageCgroupSet(frame, PageCgroup.FileMapped);",
      to: "",
    },
    {
      rule: "with page-flag a move believes FILE_MAPPED, and does not look who maps the page",
      ...raced,
      file: bracket,
      from: "if (pagesHaveStatFlags()) return pageCgroupTest(frame, PageCgroup.FileMapped);",
      to: "",
    },
    {
      rule: "while charges are moved the flag changes under the page's own lock",
      ...raced,
      file: flag,
      from: "const locked = isBeingMoved(memcg) || pageIsHuge(frame);",
      to: "const locked = pageIsHuge(frame);",
    },
    {
      rule: "the owner is read again under the page's own lock",
      ...raced,
      file: flag,
      from: "      memcg = pageMemcg(frame);\n",
      to: "",
    },
    {
      rule: "with page-flag each processor is told of a move",
      ...raced,
      file: group,
      from: "processor < MAX_ACTORS; processor++",
      to: "processor < 1; processor++",
    },
    {
      rule: "a charge says whether it is one of `cache`",
      file: record,
      from: "    if (anon) pageCgroupClear(frame, PageCgroup.Cache);\n",
      to: "    if (anon) pageCgroupSet(frame, PageCgroup.Cache);\n",
    },
    {
      rule: "a frame that is charged anew says anew what it is",
      file: record,
      from: "    else pageCgroupSet(frame, PageCgroup.Cache);",
      to: "",
    },
    {
      rule: "with page-flag and the first memcg mapped pages get their flag",
      file: group,
      from: "if (pagesHaveStatFlags()) pageCgroupSet(frame, PageCgroup.FileMapped);",
      to: "",
    },
    {
      rule: "move-lock looks for moves of the page's memcg each time",
      ...raced,
      file: bracket,
      from: "if (state.memcgStat != <u32>MemcgStat.MoveLockFast) return true;",
      to: "",
    },
    {
      rule: "move-lock-fast asks first whether any charge is moved",
      file: bracket,
      from: "  return state.memcgMoving != 0;",
      to: "  return true;",
    },
    {
      rule: "move-lock-fast tells everybody that a charge is moved",
      ...raced,
      file: group,
      from: "if (state.memcgStat == <u32>MemcgStat.MoveLockFast) state.memcgMoving += n;",
      to: "",
    },
    {
      rule: "a move says of which memcg it is",
      ...raced,
      file: group,
      from: "  memcgAt(memcg).movingAccount += n;",
      to: "",
    },
    {
      rule: "I5: FILE_MAPPED is compared with what maps the page",
      file: "assembly/check/memcg.ts",
      from: "if (pageCgroupTest(frame, PageCgroup.FileMapped) != mapped) {",
      to: "if (false) {",
    },
    {
      rule: "I4: CACHE is compared with what the page is",
      file: "assembly/check/memcg.ts",
      from: "violated(Violated.CacheFlag, <f64>frame, file ? 1 : 0);",
      to: "",
    },
  ],
};
