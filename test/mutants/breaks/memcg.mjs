const bracket = "assembly/rmap/page-stat.ts";
const counter = "assembly/struct/res-counter.ts";
const charge = "assembly/struct/memcg-charge.ts";
const room = "assembly/mm/memcg-charge.ts";
const group = "assembly/mm/memcg-group.ts";
const raced = { tests: ["test/explore/memcg"] };

export default {
  group: "memcg",
  tests: ["test/api/memcg", "test/check/memcg"],
  breaks: [
    {
      rule: "a page's map count and its memcg's mapped_file change in one bracket",
      ...raced,
      file: "assembly/rmap/accounting.ts",
      from: "  const locked = counted && beginUpdatePageStat(frame);\n  if (gain(frame)) {",
      to: "  const first = gain(frame);\n  const locked = counted && beginUpdatePageStat(frame);\n  if (first) {",
    },
    {
      rule: "the bracket of an unmap begins before the map count goes down",
      ...raced,
      file: "assembly/rmap/accounting.ts",
      from: `  const locked = bracketed && beginUpdatePageStat(frame);
  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) - 1;
  assert(mapcount >= -1, "rmap: unmapped more often than mapped");
  store<i32>(at, mapcount);
`,
      to: `  const at = pageMapcountAt(frame);
  sharedAccess(at);
  const mapcount = load<i32>(at) - 1;
  assert(mapcount >= -1, "rmap: unmapped more often than mapped");
  store<i32>(at, mapcount);
  const locked = bracketed && beginUpdatePageStat(frame);
`,
    },
    {
      rule: "the bracket ends also while others still map the page",
      ...raced,
      file: "assembly/rmap/accounting.ts",
      from: "  if (bracketed) endUpdatePageStat(frame, locked);\n  if (mapcount < 0 &&",
      to: "  if (bracketed && mapcount < 0) endUpdatePageStat(frame, locked);\n  if (mapcount < 0 &&",
    },
    {
      rule: "anonymous pages have no bracket",
      ...raced,
      file: "assembly/rmap/accounting.ts",
      from: "const bracketed = charged && !anon;",
      to: "const bracketed = charged;",
    },
    {
      rule: "move_lock is not held while a page is uncharged",
      ...raced,
      file: "assembly/rmap/accounting.ts",
      from: "    if (charged) unchargePage(frame);\n",
      to: "    const held = beginUpdatePageStat(frame);\n    if (charged) unchargePage(frame);\n    endUpdatePageStat(frame, held);\n",
    },
    {
      rule: "a move waits for those who read the owner before it",
      ...raced,
      file: group,
      from: "  // Those that began before do without the lock.\n  synchronizeRcu();",
      to: "",
    },
    {
      rule: "the bracket ends with the lock of the owner that it began with",
      ...raced,
      file: bracket,
      from: "if (memcg == pageMemcg(frame) && isCharged(frame)) return true;",
      to: "if (memcg) return true;",
    },
    {
      rule: "while charges are moved the bracket takes move_lock",
      ...raced,
      file: bracket,
      from: "if (!memcgAt(memcg).movingAccount) return false;",
      to: "if (memcg) return false;",
    },
    {
      rule: "a memcg is freed when nobody can be about to take its move_lock",
      ...raced,
      file: group,
      from: "    // Whoever updates the statistics of a page may be about to take its move_lock.\n    synchronizeRcu();",
      to: "",
    },
    {
      rule: "what is above a memcg is known before its counter is let go",
      ...raced,
      file: counter,
      from: "    unlock(counterLock(at));\n    at = above;",
      to: "    unlock(counterLock(at));\n    at = above ? above : memcgAt(at).chargedTo;",
    },
    {
      rule: "a file page that nobody maps takes no mapped_file along",
      file: bracket,
      from: "return !pageIsAnon(frame) && pageMapped(frame);",
      to: "return !pageIsAnon(frame);",
    },
    {
      rule: "a page is charged all the way up",
      file: counter,
      from: "for (let at = memcg; at; at = memcgAt(at).chargedTo) {\n    if (chargeLevel",
      to: "for (let at = memcg; at == memcg; at = 0) {\n    if (chargeLevel",
    },
    {
      rule: "what does not fit above is not charged below",
      file: counter,
      from: "    resUnchargeUntil(memcg, at, pages);\n    return at;",
      to: "    return at;",
    },
    {
      rule: "nothing is reclaimed for the sake of a batch",
      file: room,
      from: "if (pages == CHARGE_BATCH) return Charging.Retry;",
      to: "",
    },
    {
      rule: "an access insists on its page",
      file: room,
      from: "let retries = RECLAIM_RETRIES;",
      to: "let retries = RECLAIM_RETRIES - 1;",
    },
    {
      rule: "another memcg's charge gives the rest of a batch back",
      file: "assembly/struct/memcg-stock.ts",
      from: "if (load<u32>(stock, MEMCG) != memcg) drainStock(stock);",
      to: "",
    },
    {
      rule: "the swap cache keeps a page's charge",
      file: charge,
      from: "if (pageMapped(frame) || pageTest(frame, PageFlag.SwapCache)) return;",
      to: "if (pageMapped(frame)) return;",
    },
    {
      rule: "a page that is about to be replaced keeps its charge",
      file: charge,
      from: "return !afterMigration && pageCgroupTest(frame, PageCgroup.Migration);",
      to: "return false;",
    },
    {
      rule: "of two pages only one is in the counter",
      file: charge,
      from: "if (!afterMigration && !isRootMemcg(memcg)) resUncharge(memcg, pages);",
      to: "if (!isRootMemcg(memcg)) resUncharge(memcg, pages);",
    },
    {
      rule: "a page that is charged on a list goes to its owner's",
      file: charge,
      from: "  const listed = pageTest(frame, PageFlag.Lru);",
      to: "  const listed = false;",
    },
    {
      rule: "what is charged to nobody goes to the root's list",
      file: "assembly/struct/page-cgroup.ts",
      from: "if (!state.memcgEnabled || isCharged(frame)) return;",
      to: "return;",
    },
    {
      rule: "a hierarchical parent has charged already what it inherits",
      file: group,
      from: "const top = isRootMemcg(heir) ? 0 : heir;",
      to: "const top = 0;",
    },
    {
      rule: "with the first memcg the root gets what there is",
      file: group,
      from: "if (memcg && !header().memcgEnabled) enableMemcg();",
      to: "if (memcg) header().memcgEnabled = 1;",
    },
    {
      rule: "the old memcg's counter is relieved of what has moved",
      file: "assembly/mm/memcg-move.ts",
      from: "if (moved) cancelCharge(state.mcFrom, moved);",
      to: "",
    },
    {
      rule: "a move is waited for only when its pages are counted",
      ...raced,
      file: "assembly/mm/memcg-move.ts",
      from: "    const targets = countTargets(mm, from);",
      to: "    state.mcMover = state.actor + 1;\n    const targets = countTargets(mm, from);",
    },
    {
      rule: "a move that waits for mmap_sem is waited for by nobody",
      ...raced,
      file: "assembly/mm/memcg-move.ts",
      from: "    state.mcMover = 0;\n    downRead",
      to: "    downRead",
    },
    {
      rule: "a page that is split while its cgroup goes is taken off its counter as it was when it moved",
      tests: ["test/explore/huge-races"],
      file: group,
      from: "if (moved) resUnchargeUntil(memcg, top, moved);",
      to: "if (moved) resUnchargeUntil(memcg, top, <u32>pageSize(frame));",
    },
    {
      rule: "swapoff goes on while rounds bring something back",
      file: "assembly/mm/swapoff.ts",
      from: "const stuck = !error && area.inUse >= before && before != 0;",
      to: "const stuck = !error && area.inUse != 0;",
    },
    {
      rule: "swapoff that ran out of room leaves the area in use",
      file: "assembly/mm/swapoff.ts",
      from: "      area.on = 1;\n",
      to: "",
    },
    {
      rule: "a limit is set where less is charged",
      file: counter,
      from: "const fits = counter.usage <= limit;",
      to: "const fits = true;",
    },
    {
      rule: "a huge page needs room for all of it",
      file: room,
      from: "  const pages = <u32>pageSize(frame);\n  const memcg = tryCharge(0, mm, pages, pages == 1);",
      to: "  const pages = <u32>pageSize(frame);\n  const memcg = tryCharge(0, mm, 1, pages == 1);",
    },
    {
      rule: "a huge page is moved only with room for all of it",
      file: "assembly/mm/memcg-move.ts",
      from: "        n += <u32>pageSize(frame);",
      to: "        n++;",
    },
    {
      rule: "the side record of a huge page's tail is its head's after a split",
      file: "assembly/struct/page-cgroup.ts",
      from: "  store<u32>(pageCgroupAt(tail), load<u32>(pageCgroupAt(head)) & ~KEPT_AT_SPLIT);",
      to: "",
    },
    {
      rule: "reclaim for a limit gives each cgroup below it a turn",
      file: "assembly/struct/memcg.ts",
      from: "store<u32>(at, memcgAt(memcg).number + 1);",
      to: "",
    },
    {
      rule: "I5: mapped_file is compared with the pages found",
      file: "assembly/check/memcg.ts",
      from: "if (it.mappedFile != note.mappedFile) {",
      to: "if (false) {",
    },
  ],
};
