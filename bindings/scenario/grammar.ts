// One entry an operation: how it is written, how many arguments it takes, how they are read.

import type { Fields } from "./fields.js";
import type { Operation, OperationName } from "./operation.js";

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
    form: "file F npages [tmpfs|disk]",
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
    form: "spawn P",
    arity: [1, 1],
    read: (f, at) => ({ ...at, op: "spawn", process: f.newProcess() }),
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
  mmap: {
    form: "mmap P page n prot anon|file:F:pgoff private|shared",
    arity: [6, 6],
    read: (f, at) => ({
      ...at,
      op: "mmap",
      process: f.process(),
      ...f.range(),
      prot: f.prot(),
      backing: f.backing(),
      shared: f.shared(),
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
  mlock: rangeRule("mlock"),
  munlock: rangeRule("munlock"),
  madvise: {
    form: "madvise P page n dontneed|mergeable|unmergeable",
    arity: [4, 4],
    read: (f, at) => ({
      ...at,
      op: "madvise",
      process: f.process(),
      ...f.range(),
      advice: f.advice(),
    }),
  },
  read: {
    form: "read P page",
    arity: [2, 2],
    read: (f, at) => ({ ...at, op: "read", process: f.process(), page: f.page() }),
  },
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
  ksm: { form: "ksm", arity: [0, 0], read: (_, at) => ({ ...at, op: "ksm" }) },
  dump: {
    form: "dump [label]",
    arity: [0, 1],
    read: (f, at) => ({ ...at, op: "dump", label: f.left > 0 ? f.label() : `line ${at.line}` }),
  },
};

function rangeRule(op: "munmap" | "mlock" | "munlock"): Rule {
  return {
    form: `${op} P page n`,
    arity: [3, 3],
    read: (f, at) => ({ ...at, op, process: f.process(), ...f.range() }),
  };
}
