export default {
  group: "walk traces",
  tests: ["test/api/walk-traces"],
  breaks: [
    {
      rule: "a node that a search visits on its way up is told",
      file: "assembly/index/interval-tree.ts",
      from: "      if (CHECKED) traceNode(node);\n      right = rbRight(node);",
      to: "      right = rbRight(node);",
    },
    {
      rule: "a question of JavaScript leaves no trace",
      file: "assembly/mm/report.ts",
      from: "if (CHECKED) pauseWalkTraces(true);",
      to: "",
    },
    {
      rule: "after a question walks are traced again",
      tests: ["test/api/walk-traces"],
      file: "assembly/mm/report.ts",
      from: "if (CHECKED) pauseWalkTraces(false);",
      to: "",
    },
    {
      rule: "a lock that is tried in vain is told",
      file: "assembly/sync/lock.ts",
      from: "    event(Event.LockBusy, ",
      to: "    if (!kind) event(Event.LockBusy, ",
    },
    {
      rule: "a trace ends with its walk",
      file: "assembly/struct/walk-trace.ts",
      from: "  leaveWalk();\n",
      to: "",
    },
    {
      rule: "KSM's other pass is told apart from VMAs that do not hold the place",
      file: "assembly/rmap/ksm-walk.ts",
      from: "return holds ? Offer.OtherPass : Offer.Irrelevant;",
      to: "return Offer.Irrelevant;",
    },
    {
      rule: "each actor has a trace of its own",
      tests: ["test/explore/walk-traces"],
      file: "assembly/memory/walk-mark.ts",
      from: "return ((state.walksTraced >> state.actor) & 1) != 0;",
      to: "return state.walksTraced != 0;",
    },
  ],
};
