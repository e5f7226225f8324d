const counter = "assembly/sync/lock-counter.ts";

export default {
  group: "lock counters",
  tests: ["test/api/lock-counters", "test/explore/lock-steps"],
  breaks: [
    {
      rule: "who waits for a lock takes no step",
      tests: ["test/explore/lock-steps"],
      file: "assembly/sync/yield-point.ts",
      from: "if (CHECKED && kind != YieldKind.Blocked) passStep();",
      to: "if (CHECKED) passStep();",
    },
    {
      rule: "the checked build counts a shared access as a step, as explore does",
      file: "assembly/sync/yield-point.ts",
      from: "  if (CHECKED) pause(YieldKind.Access, object);",
      to: "  if (EXPLORE) pause(YieldKind.Access, object);",
    },
    {
      rule: "each actor has a clock of its own",
      tests: ["test/explore/lock-steps"],
      file: counter,
      from: "+ 8 + ((<usize>header().actor) << 2);",
      to: "+ 8;",
    },
    {
      rule: "the step that lets a lock go belongs to its hold",
      file: counter,
      from: "- load<u32>(at) + 1;",
      to: "- load<u32>(at);",
    },
    {
      rule: "the longest hold is the longest, not the last",
      file: counter,
      from: "if (<f64>steps > load<f64>(counts + 16)) ",
      to: "",
    },
    {
      rule: "a reset forgets locks",
      file: "assembly/mm/query.ts",
      from: "if (CHECKED) resetLockCounters();",
      to: "",
    },
  ],
};
