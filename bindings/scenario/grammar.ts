// One entry an operation: how it is written, how many arguments it takes, how they are read.

import type { Fields } from "./fields.js";
import type {
  CgroupOperation,
  HoldOperation,
  Operation,
  OperationName,
  PageOperation,
  RangeOperation,
} from "./operation.js";

/** Where an operation stands in the script. */
export interface Place {
  readonly line: number;
  readonly text: string;
}

interface Rule {
  /** The arguments as documentation writes them. */
  readonly form: string;
  /** Fewest and most arguments. */
  readonly arity: readonly [number, number];
  readonly read: (fields: Fields, place: Place) => Operation;
}

/** The whole language. */
export const grammar: Readonly<Record<OperationName, Rule>> = {
  file: {
    form: "file F npages [tmpfs|disk|ramfs|hugetlb]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "file",
      file: f.newFile(),
      pages: f.filePages(),
      kind: f.left > 0 ? f.kind() : "tmpfs",
    }),
  },
  truncate: {
    form: "truncate F npages",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "truncate", file: f.scriptedFile(), pages: f.filePages() }),
  },
  spawn: {
    form: "spawn P [G]",
    arity: [1, 2],
    read: (f, at) => ({
      ...at,
      op: "spawn",
      process: f.newProcess(),
      cgroup: f.left > 0 ? f.cgroupOrRoot() : null,
    }),
  },
  memcg: {
    form: "memcg G [parent|root] [hierarchy]",
    arity: [1, 3],
    read: (f, at) => {
      const cgroup = f.newCgroup();
      const parent = f.left > 0 ? f.cgroupOrRoot(cgroup) : null;
      const hierarchy = f.left > 0 && f.word("kind of cgroup", ["hierarchy"]) === "hierarchy";
      return { ...at, op: "memcg", cgroup, parent, hierarchy };
    },
  },
  limit: {
    form: "limit G pages|none",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "limit", cgroup: f.cgroup(), pages: f.limit() }),
  },
  empty: cgroupRule("empty"),
  rmdir: cgroupRule("rmdir"),
  move: {
    form: "move P G|root",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "move", process: f.process(), cgroup: f.cgroupOrRoot() }),
  },
  fork: {
    form: "fork P Q",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "fork", process: f.process(), child: f.newProcess() }),
  },
  exit: {
    form: "exit P",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "exit", process: f.process() }),
  },
  hold: holdRule("hold"),
  "let-go": holdRule("let-go"),
  exec: {
    form: "exec P [n [page]]",
    arity: [1, 3],
    read: (f, at) => ({
      ...at,
      op: "exec",
      process: f.process(),
      stack: f.left > 0 ? f.stack() : null,
    }),
  },
  stack: rangeRule("stack"),
  poison: {
    form: "poison P page [early]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "poison",
      process: f.process(),
      page: f.page(),
      early: f.left > 0 && f.word("time of signals", ["early"]) === "early",
    }),
  },
  mmap: {
    form: "mmap P page n prot anon|file:F:pgoff private|shared [huge]",
    arity: [6, 7],
    read: (f, at) => ({
      ...at,
      op: "mmap",
      process: f.process(),
      ...f.range(),
      prot: f.prot(),
      backing: f.backing(),
      shared: f.shared(),
      huge: f.left > 0 && f.word("kind of memory", ["huge"]) === "huge",
    }),
  },
  munmap: rangeRule("munmap"),
  mprotect: {
    form: "mprotect P page n prot",
    arity: [4, 4],
    read: (f, at) => ({
      ...at,
      op: "mprotect",
      process: f.process(),
      ...f.range(),
      prot: f.prot(),
    }),
  },
  mremap: {
    form: "mremap P old n newpage [newn]",
    arity: [4, 5],
    read: (f, at) => {
      const process = f.process();
      const { page, count } = f.range();
      const newPage = f.page();
      const newCount = f.countOr(newPage, count);
      return { ...at, op: "mremap", process, page, count, newPage, newCount };
    },
  },
  remap_file_pages: {
    form: "remap_file_pages P page n pgoff [nonblock]",
    arity: [4, 5],
    read: (f, at) => ({
      ...at,
      op: "remap_file_pages",
      process: f.process(),
      ...f.range(),
      pgoff: f.pgoff(),
      nonBlock: f.left > 0 && f.word("way to remap", ["nonblock"]) === "nonblock",
    }),
  },
  mlock: rangeRule("mlock"),
  munlock: rangeRule("munlock"),
  madvise: {
    form: "madvise P page n dontneed|mergeable|unmergeable|hugepage|nohugepage",
    arity: [4, 4],
    read: (f, at) => ({
      ...at,
      op: "madvise",
      process: f.process(),
      ...f.range(),
      advice: f.advice(),
    }),
  },
  mlockall: {
    form: "mlockall P [current|future|both]",
    arity: [1, 2],
    read: (f, at) => {
      const process = f.process();
      const what = f.oneOf("kind of mlockall", ["current", "future", "both"]);
      return {
        ...at,
        op: "mlockall",
        process,
        current: what !== "future",
        future: what !== "current",
      };
    },
  },
  munlockall: {
    form: "munlockall P",
    arity: [1, 1],
    read: (f, at) => ({
      ...at,
      op: "munlockall",
      process: f.process(),
      current: false,
      future: false,
    }),
  },
  read: pageRule("read"),
  write: {
    form: "write P page [value]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "write",
      process: f.process(),
      page: f.page(),
      value: f.left > 0 ? f.value() : at.line,
    }),
  },
  referenced: {
    form: "referenced P page [Q]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "referenced",
      process: f.process(),
      page: f.page(),
      by: f.left > 0 ? f.process() : null,
    }),
  },
  rmap: pageRule("rmap"),
  "swap-out": rangeRule("swap-out"),
  migrate: rangeRule("migrate"),
  collapse: pageRule("collapse"),
  split: pageRule("split"),
  pin: pageRule("pin"),
  unpin: pageRule("unpin"),
  "file-read": {
    form: "file-read F pgoff",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "file-read", file: f.scriptedFile(), pgoff: f.pgoff() }),
  },
  "file-write": {
    form: "file-write F pgoff [value]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "file-write",
      file: f.scriptedFile(),
      pgoff: f.pgoff(),
      value: f.left > 0 ? f.value() : at.line,
    }),
  },
  writeback: {
    form: "writeback F",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "writeback", file: f.scriptedFile() }),
  },
  punch: {
    form: "punch F pgoff n",
    arity: [3, 3],
    read: (f, at) => ({
      ...at,
      op: "punch",
      file: f.scriptedFile(),
      ...f.fileRange(),
    }),
  },
  invalidate: {
    form: "invalidate F pgoff n [idle|all]",
    arity: [3, 4],
    read: (f, at) => ({
      ...at,
      op: "invalidate",
      file: f.scriptedFile(),
      ...f.fileRange(),
      how: f.oneOf("kind of invalidation", ["idle", "all"]),
    }),
  },
  reclaim: {
    form: "reclaim n [direct|background] [P]",
    arity: [1, 3],
    read: (f, at) => ({
      ...at,
      op: "reclaim",
      count: f.reclaimed(),
      background: f.oneOf("kind of reclaim", ["direct", "background"]) === "background",
      by: f.left > 0 ? f.process() : null,
    }),
  },
  hugepages: {
    form: "hugepages n",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "hugepages", count: f.hugePages() }),
  },
  io: {
    form: "io hold|release",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "io", hold: f.word("I/O", ["hold", "release"]) === "hold" }),
  },
  swapon: {
    form: "swapon n [priority]",
    arity: [1, 2],
    read: (f, at) => ({
      ...at,
      op: "swapon",
      count: f.swapPages(),
      priority: f.left > 0 ? f.priority() : -1,
    }),
  },
  swapoff: {
    form: "swapoff area",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "swapoff", area: f.area() }),
  },
  notifier: {
    form: "notifier P D kvm|rdma",
    arity: [3, 3],
    read: (f, at) => ({
      ...at,
      op: "notifier",
      process: f.process(),
      newDevice: f.newDevice(),
      model: f.word("model", ["kvm", "rdma"]),
    }),
  },
  "device-read": {
    form: "device-read D page",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "device-read", device: f.device(), page: f.page() }),
  },
  "device-write": {
    form: "device-write D page [value]",
    arity: [2, 3],
    read: (f, at) => ({
      ...at,
      op: "device-write",
      device: f.device(),
      page: f.page(),
      value: f.left > 0 ? f.value() : at.line,
    }),
  },
  unregister: {
    form: "unregister D",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "unregister", device: f.device() }),
  },
  ksm: { form: "ksm", arity: [0, 0], read: (_, at) => ({ ...at, op: "ksm" }) },
  dump: {
    form: "dump [label]",
    arity: [0, 1],
    read: (f, at) => ({ ...at, op: "dump", label: f.left > 0 ? f.label() : `line ${at.line}` }),
  },
};

function rangeRule(op: RangeOperation["op"]): Rule {
  return {
    form: `${op} P page n`,
    arity: [3, 3],
    read: (f, at) => ({ ...at, op, process: f.process(), ...f.range() }),
  };
}

function cgroupRule(op: CgroupOperation["op"]): Rule {
  return {
    form: `${op} G`,
    arity: [1, 1],
    read: (f, at) => ({ ...at, op, cgroup: f.cgroup() }),
  };
}

function holdRule(op: HoldOperation["op"]): Rule {
  return {
    form: `${op} P`,
    arity: [1, 1],
    read: (f, at) => ({ ...at, op, process: f.process() }),
  };
}

function pageRule(op: PageOperation["op"]): Rule {
  return {
    form: `${op} P page`,
    arity: [2, 2],
    read: (f, at) => ({ ...at, op, process: f.process(), page: f.page() }),
  };
}
