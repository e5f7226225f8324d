// What is no argument of a call is one KernelError, EINVAL, which names it, its value and what is accepted.
// Nothing happens then. Calls are made here as JavaScript makes them: the compiler would refuse them all.

import { beforeEach, describe, expect, test } from "vitest";
import {
  createKernel,
  createKernelSync,
  compileCore,
  KernelError,
  type Batch,
  type File,
  type Kernel,
  type MemoryCgroup,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { at, lay, PAGE, pageAt, stateOf } from "./ground.js";

interface Machine {
  kernel: Kernel;
  process: Process;
  file: File;
  cgroup: MemoryCgroup;
  page: Page;
  batch: Batch;
}

async function makeMachine(): Promise<Machine> {
  const kernel = await createKernel({ frames: 64, build: "checked" });
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 4, name: "notes" });
  lay(process, 0, 4);
  process.write(at(0), 1);
  const batch = kernel.batch();
  return { kernel, process, file, cgroup: kernel.createCgroup(), page: pageAt(process, 0), batch };
}

let machine: Machine;
let foreign: Machine;

beforeEach(async () => {
  machine = await makeMachine();
  foreign = await makeMachine();
});

type On = "kernel" | "process" | "file" | "cgroup";

/** Calls a method of an object of the machine, with whatever is given. */
function call(on: keyof Machine, method: string, ...args: unknown[]): unknown {
  const object = machine[on];
  return Reflect.apply(Reflect.get(object, method) as () => unknown, object, args);
}

/** The error that an action throws. */
function errorOf(action: () => unknown): KernelError {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** EINVAL with such a detail, and nothing has happened. */
function expectRefused(action: () => unknown, detail: string | RegExp): void {
  const before = stateOf(machine.kernel);
  const error = errorOf(action);
  expect([error.code, error.detail]).toEqual([
    "EINVAL",
    typeof detail === "string" ? detail : expect.stringMatching(detail),
  ]);
  expect(stateOf(machine.kernel)).toEqual(before);
  expect([machine.file.pages, machine.batch.length]).toEqual([4, 0]);
}

const noNumbers: readonly (readonly [unknown, string])[] = [
  [undefined, "undefined"],
  [null, "null"],
  ["1", '"1"'],
  [true, "true"],
  [1n, "1n"],
  [[1], "an array"],
  [{ valueOf: () => 1 }, "an object"],
  [() => 1, "a function"],
];

/** Names of numeric arguments after the arguments that come before them. */
const numbers: readonly (readonly [On, string, readonly unknown[], string])[] = [
  ["process", "munmap", [], "address"],
  ["process", "munmap", [at(0)], "length"],
  ["process", "mprotect", [], "address"],
  ["process", "mprotect", [at(0)], "length"],
  ["process", "mremap", [], "address"],
  ["process", "mremap", [at(0)], "oldLength"],
  ["process", "mremap", [at(0), PAGE], "newLength"],
  ["process", "madvise", [], "address"],
  ["process", "madvise", [at(0)], "length"],
  ["process", "mlock", [], "address"],
  ["process", "mlock", [at(0)], "length"],
  ["process", "munlock", [], "address"],
  ["process", "munlock", [at(0)], "length"],
  ["process", "read", [], "address"],
  ["process", "write", [], "address"],
  ["process", "write", [at(0)], "word"],
  ["process", "execute", [], "address"],
  ["process", "vmaAt", [], "address"],
  ["process", "pageAt", [], "address"],
  ["file", "truncate", [], "pages"],
  ["file", "read", [], "pgoff"],
  ["file", "write", [], "pgoff"],
  ["file", "write", [0], "word"],
  ["file", "punchHole", [], "pgoff"],
  ["file", "punchHole", [0], "pages"],
  ["file", "invalidate", [], "pgoff"],
  ["file", "invalidate", [0], "pages"],
  ["kernel", "swapon", [], "pages"],
  ["kernel", "swapoff", [], "area"],
  ["kernel", "reclaim", [], "pages"],
  ["kernel", "page", [], "frame"],
  ["cgroup", "reclaim", [], "pages"],
];

describe.each(numbers)("%s.%s(%j ...)", (on, method, before, name) => {
  test.each(noNumbers)("%o is no number", (value, shown) => {
    const rest = [at(0), at(0), at(0)];
    const action = () => call(on, method, ...before, value, ...rest);
    const { operation } = errorOf(action);
    expect(operation).toBe(method);
    expectRefused(action, new RegExp(`^${name} is ${shown}, accepted: integers from `));
  });

  test("is missed when it is left out", () => {
    expectRefused(() => call(on, method, ...before), new RegExp(`^${name} is undefined, accepted`));
  });
});

test("a long string is cut in the message", () => {
  expectRefused(
    () => call("process", "read", "x".repeat(1000)),
    `address is "${"x".repeat(40)}...", accepted: integers from 0 to 2^53-1`,
  );
});

test("brk asks without an argument, and takes numbers only", () => {
  expect(call("process", "brk")).toBe(machine.process.brk(0));
  expectRefused(() => call("process", "brk", null), /^address is null, accepted/);
});

const numericOptions: readonly (readonly [On, string, readonly unknown[], string])[] = [
  ["kernel", "createFile", [], "pages"],
  ["kernel", "createFile", [], "word"],
  ["kernel", "spawn", [], "brk"],
  ["kernel", "swapon", [1], "priority"],
  ["process", "exec", [], "brk"],
  ["process", "mmap", [], "length"],
  ["process", "mmap", [], "address"],
  ["process", "mmap", [], "pgoff"],
  ["process", "mremap", [at(0), PAGE, PAGE], "to"],
];

describe.each(numericOptions)("%s.%s(%j, { %s })", (on, method, before, name) => {
  test.each(noNumbers.filter(([value]) => value !== undefined))(
    "%o is no number",
    (value, shown) => {
      const others =
        method === "mmap" ? { length: PAGE } : method === "createFile" ? { pages: 1 } : {};
      expectRefused(
        () => call(on, method, ...before, { ...others, [name]: value }),
        new RegExp(`^${name} is ${shown}, accepted: integers from `),
      );
    },
  );
});

const flags: readonly (readonly [On, string, readonly unknown[], string])[] = [
  ["kernel", "reclaim", [1], "background"],
  ["cgroup", "reclaim", [1], "background"],
  ["process", "fork", [], "shareMemory"],
  ["process", "mlockall", [], "current"],
  ["process", "mlockall", [], "future"],
  ["process", "mremap", [at(0), PAGE, PAGE], "mayMove"],
  ["process", "mmap", [], "shared"],
  ["process", "mmap", [], "growsDown"],
  ["process", "mmap", [], "noReserve"],
  ["process", "mmap", [], "locked"],
  ["process", "mmap", [], "stackSetup"],
];

test.each(flags)(
  "%s.%s(%j, { %s }) is true or false, and nothing else",
  (on, method, before, name) => {
    for (const [value, shown] of [
      [1, "1"],
      ["yes", '"yes"'],
      [null, "null"],
    ]) {
      const options = method === "mmap" ? { length: PAGE, [name]: value } : { [name]: value };
      expectRefused(
        () => call(on, method, ...before, options),
        `${name} is ${shown}, accepted: true, false`,
      );
    }
  },
);

/** Calls that take options, with what comes before them, and the options that there are. */
const withOptions: readonly (readonly [On, string, (m: Machine) => unknown[], string])[] = [
  [
    "process",
    "mmap",
    () => [],
    "length, address, prot, shared, file, pgoff, fixed, growsDown, noReserve, locked, stackSetup, hugetlb",
  ],
  ["process", "mremap", () => [at(0), PAGE, PAGE], "mayMove, to"],
  ["process", "mlockall", () => [], "current, future"],
  ["process", "fork", () => [], "shareMemory"],
  ["process", "exec", () => [], "brk, stack"],
  ["kernel", "spawn", () => [], "brk, cgroup"],
  ["kernel", "createFile", () => [], "pages, kind, name, word"],
  ["kernel", "swapon", () => [1], "priority"],
  ["kernel", "reclaim", () => [1], "background, cgroup, process"],
  ["cgroup", "reclaim", () => [1], "background"],
  ["kernel", "pageReferenced", ({ page }) => [page], "cgroup, process"],
  ["kernel", "shrinkPage", ({ page }) => [page], "force, process"],
  ["kernel", "memoryFailure", ({ page }) => [page], "early"],
  [
    "kernel",
    "tryToUnmap",
    ({ page }) => [page],
    "action, ignoreMlock, ignoreAccess, ignoreHwpoison",
  ],
];

describe.each(withOptions)("options of %s.%s", (on, method, before, accepted) => {
  test("are those it knows", () => {
    const given = { length: PAGE, pages: 1, current: true, shred: true };
    const known = Object.entries(given).filter(([name]) => accepted.split(", ").includes(name));
    const options = { ...Object.fromEntries(known), shred: undefined };
    expectRefused(
      () => call(on, method, ...before(machine), options),
      `option "shred" is unknown, accepted: ${accepted}`,
    );
    // Names that every object has are no options either.
    expectRefused(
      () => call(on, method, ...before(machine), { toString: 1 }),
      `option "toString" is unknown, accepted: ${accepted}`,
    );
  });

  test.each([
    [null, "null"],
    ["direct", '"direct"'],
    [4096, "4096"],
  ])("are an object, which %o is not", (options, shown) => {
    expectRefused(
      () => call(on, method, ...before(machine), options),
      `options is ${shown}, accepted: an object with ${accepted}`,
    );
  });
});

test.each(["mmap", "mlockall"])("%s without its options is EINVAL", (method) => {
  expectRefused(() => call("process", method), /^options is undefined, accepted: an object with /);
});

test("createFile without its options is EINVAL", () => {
  expectRefused(() => call("kernel", "createFile"), /^options is undefined, accepted: an object/);
});

test("an option that is undefined is as one that is not given", () => {
  const { process, kernel } = machine;
  const options = { prot: undefined, shared: undefined, file: undefined, fixed: undefined };
  call("process", "mmap", { length: PAGE, address: at(9), ...options });
  expect(process.vmaAt(at(9))).toMatchObject({ perms: "rw-p", file: null });
  call("kernel", "reclaim", 1, { background: undefined, cgroup: undefined });
  expect(kernel.swapon(1)).toBe(1);
});

const ofPages = [
  ...["pageReferenced", "tryToUnmap", "tryToMunlock", "pageMkclean", "migratePage", "shrinkPage"],
  ...["pin", "unpin", "isolate", "putback", "releaseBuffers", "poison", "rmapWalk", "stab"],
  ...["pageAddressInVma", "pageMappedInVma", "pageEvictable"],
];

describe.each(ofPages)("kernel.%s", (method) => {
  const accepted = "accepted: a Page of this kernel (pageAt() is null where no page is present)";

  test("takes pages only", () => {
    for (const [value, shown] of [
      [null, "null"],
      [undefined, "undefined"],
      [3, "3"],
      [{}, "an object"],
      [machine.process, `process ${machine.process.pid}`],
    ]) {
      expectRefused(() => call("kernel", method, value), `page is ${shown as string}, ${accepted}`);
    }
  });

  test("takes no page of another kernel", () => {
    const { frame } = foreign.page;
    expectRefused(
      () => call("kernel", method, foreign.page),
      `page is page ${frame} of another kernel, ${accepted}`,
    );
  });
});

test.each(["pageAddressInVma", "pageMappedInVma", "pageEvictable"])(
  "kernel.%s takes VMAs only",
  (method) => {
    const accepted = "accepted: a Vma (vmaAt() is null where nothing is mapped)";
    expectRefused(() => call("kernel", method, machine.page, null), `vma is null, ${accepted}`);
    expectRefused(() => call("kernel", method, machine.page, 3), `vma is 3, ${accepted}`);
    expectRefused(
      () => call("kernel", method, machine.page, {}),
      "vma.process is undefined, accepted: a Process of this kernel",
    );
  },
);

/** Where objects other than pages are taken: how one is handed over, what it is called there, and which kind. */
const objects: readonly (readonly [string, (o: unknown) => unknown, string, keyof Machine])[] = [
  ["spawn", (o) => call("kernel", "spawn", { cgroup: o }), "cgroup", "cgroup"],
  ["reclaim", (o) => call("kernel", "reclaim", 1, { cgroup: o }), "cgroup", "cgroup"],
  ["reclaim by", (o) => call("kernel", "reclaim", 1, { process: o }), "process", "process"],
  [
    "shrinkPage by",
    (o) => call("kernel", "shrinkPage", machine.page, { process: o }),
    "process",
    "process",
  ],
  [
    "pageReferenced",
    (o) => call("kernel", "pageReferenced", machine.page, { cgroup: o }),
    "cgroup",
    "cgroup",
  ],
  ["mmap", (o) => call("process", "mmap", { length: PAGE, file: o }), "file", "file"],
  ["sharesWith", (o) => call("process", "sharesWith", o), "other", "process"],
  ["batch.read", (o) => call("batch", "read", o, at(0)), "process", "process"],
  ["batch.mmap", (o) => call("batch", "mmap", o, { length: PAGE }), "process", "process"],
  ["batch.truncate", (o) => call("batch", "truncate", o, 1), "file", "file"],
  ["batch.migratePage", (o) => call("batch", "migratePage", o), "page", "page"],
];

test.each(objects)("%s takes objects of one class and this kernel", (_, use, name, kind) => {
  const { constructor } = machine[kind];
  const accepted = `accepted: a ${constructor.name} of this kernel`;
  for (const [value, shown] of [
    [null, "null"],
    [3, "3"],
    ["x", '"x"'],
    [{}, "an object"],
  ] as const) {
    expectRefused(() => use(value), new RegExp(`^${name} is ${shown}, ${accepted}`));
  }
  expectRefused(
    () => use(foreign[kind]),
    new RegExp(`^${name} is .+ of another kernel, ${accepted}`),
  );
});

describe("a batch", () => {
  test.each([
    ["munmap", ["process", at(0)], "length"],
    ["mprotect", ["process", at(0)], "length"],
    ["mremap", ["process", at(0), PAGE], "newLength"],
    ["madvise", ["process"], "address"],
    ["mlock", ["process", at(0)], "length"],
    ["munlock", ["process"], "address"],
    ["brk", ["process"], "address"],
    ["read", ["process"], "address"],
    ["write", ["process", at(0)], "word"],
    ["execute", ["process"], "address"],
    ["truncate", ["file"], "pages"],
    ["punchHole", ["file", 0], "pages"],
    ["fileRead", ["file"], "pgoff"],
    ["fileWrite", ["file", 0], "word"],
  ] as const)("refuses %s without all of its numbers when it is added", (method, given, name) => {
    const args = given.map((arg) => (typeof arg === "string" ? machine[arg] : arg));
    expectRefused(
      () => call("batch", method, ...args),
      `${name} is undefined, accepted: integers from 0 to 2^53-1`,
    );
  });

  test("has EINVAL among its results for numbers that are out of range", () => {
    const { batch, process } = machine;
    batch.read(process, -1);
    batch.write(process, at(0), NaN);
    expect([batch.run(), batch.error(0), batch.error(1)]).toEqual([2, "EINVAL", "EINVAL"]);
  });

  test("refuses options that it does not know", () => {
    expectRefused(() => call("batch", "shrinkPage", machine.page, { forced: true }), /"forced"/);
    expectRefused(
      () => call("batch", "tryToUnmap", machine.page, { action: "x" }),
      /^action is "x"/,
    );
    expectRefused(() => call("batch", "mmap", machine.process, { size: 1 }), /"size" is unknown/);
  });
});

describe("words, strings and flags", () => {
  test.each<readonly [string, () => unknown, string]>([
    [
      "mmap's prot",
      () => call("process", "mmap", { length: PAGE, prot: null }),
      "prot is null, accepted: none, r, w, rw, x, rx, wx, rwx",
    ],
    [
      "mmap's fixed",
      () => call("process", "mmap", { length: PAGE, fixed: "maybe" }),
      'fixed is "maybe", accepted: true, false, no-replace',
    ],
    [
      "createFile's kind",
      () => call("kernel", "createFile", { pages: 1, kind: 3 }),
      "kind is 3, accepted: disk, tmpfs, ramfs, hugetlb",
    ],
    [
      "createFile's name",
      () => call("kernel", "createFile", { pages: 1, name: 3 }),
      "name is 3, accepted: strings",
    ],
    [
      "createCgroup's name",
      () => call("kernel", "createCgroup", 3),
      "name is 3, accepted: strings",
    ],
    [
      "tryToUnmap's action",
      () => call("kernel", "tryToUnmap", machine.page, { action: "x" }),
      'action is "x", accepted: unmap, munlock',
    ],
    [
      "invalidate's how",
      () => call("file", "invalidate", 0, 3, "foo"),
      'how is "foo", accepted: idle, all',
    ],
    ["holdIo", () => call("kernel", "holdIo", "yes"), 'hold is "yes", accepted: true, false'],
    [
      "recordEvents",
      () => call("kernel", "recordEvents"),
      "on is undefined, accepted: true, false",
    ],
    [
      "restore",
      () => call("kernel", "restore", null),
      "snapshot is null, accepted: what snapshot() gave",
    ],
    [
      "setSample",
      () => call("kernel", "setSample", [1]),
      "frames is an array, accepted: a Uint32Array of frames in use",
    ],
  ])("%s", (_, action, detail) => {
    expectRefused(action, detail);
  });
});

describe("options of a kernel", () => {
  test.each([
    [{ foo: 1 }, /^option "foo" is unknown, accepted: release, memcgStat, /],
    [{ swap: null }, /^swap is null, accepted: integers from 0 to 2147483647$/],
    [{ memlock: "4" }, /^memlock is "4", accepted: integers from 0 to 4294967295$/],
    [{ stack: -1 }, /^stack is -1, accepted: integers from 0 to 4294967295$/],
    [{ release: null }, /^release is null, accepted: v3.0, v3.3, /],
    [{ anonIndex: 1 }, /^anonIndex is 1, accepted: list, interval-tree$/],
    [{ build: null }, /^build is null, accepted: release, checked, explore, debug$/],
    [null, /^options is null, accepted: an object with release, /],
    ["debug", /^options is "debug", accepted: an object with release, /],
  ])("%j are refused", async (options, detail) => {
    await expect(createKernel(options as object)).rejects.toMatchObject({
      name: "KernelError",
      code: "EINVAL",
      detail: expect.stringMatching(detail) as string,
    });
  });

  test("have no build where the module is given", async () => {
    const module = await compileCore("checked");
    const options = { build: "release", frames: 8 };
    expect(errorOf(() => createKernelSync(module, options))).toMatchObject({
      code: "EINVAL",
      detail: 'build is "release", accepted: none, as the module is a build',
    });
  });
});
