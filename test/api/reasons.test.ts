// What fails says why, with the value and what is accepted, where that can be known.

import { describe, expect, test } from "vitest";
import { KernelError, type Kernel, type Process } from "../../bindings/index.js";
import { at, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine, swapOut } from "./machine.js";

const END = 2 ** 47 - PAGE;

interface Ground {
  readonly kernel: Kernel;
  readonly process: Process;
}

type Case = readonly [string, (ground: Ground) => unknown, string, string];

/** Pages 0 to 3 are mapped and written, 8 to 9 only readable; 4 to 7 are a hole. */
async function ground(options = {}): Promise<Ground> {
  const { kernel, process } = await machine(options);
  fill(process, 0, 4);
  lay(process, 8, 2, { prot: "r" });
  return { kernel, process };
}

/** What a call throws: its code and detail. */
function failure(action: () => unknown): [string, string] {
  try {
    action();
  } catch (error) {
    if (error instanceof KernelError) return [error.code, error.detail];
    throw error;
  }
  return ["", ""];
}

function each(cases: readonly Case[], options = {}): void {
  test.each(cases)("%s", async (_, action, code, detail) => {
    const made = await ground(options);
    expect(failure(() => action(made))).toEqual([code, detail]);
  });
}

const hex = (address: number) => `0x${address.toString(16)}`;
const unaligned = `${hex(at(0) + 1)}, accepted: multiples of 4096`;
const beyond = `it reaches beyond ${hex(END)}, where addresses end`;
const range = "accepted: integers from 0 to 2^53-1";

describe("mmap", () => {
  each([
    [
      "of nothing",
      (g) => g.process.mmap({ length: 0 }),
      "EINVAL",
      "length is 0, accepted: at least 1",
    ],
    ["of less", (g) => g.process.mmap({ length: -1 }), "EINVAL", `length is -1, ${range}`],
    [
      "at no page",
      (g) => g.process.mmap({ length: 1, address: at(0) + 1, fixed: true }),
      "EINVAL",
      `address is ${unaligned}`,
    ],
    [
      "beyond what files can have",
      (g) => g.process.mmap({ length: PAGE, pgoff: 2 ** 52 }),
      "EINVAL",
      `pgoff is ${2 ** 52}, accepted: up to 2^52 together with the length`,
    ],
    [
      "of a shared stack",
      (g) => g.process.mmap({ length: PAGE, growsDown: true, shared: true }),
      "EINVAL",
      "growsDown is true, accepted: for private anonymous memory",
    ],
    [
      "in place of nothing",
      (g) => g.process.mmap({ length: PAGE, address: at(0), fixed: "no-replace" }),
      "EEXIST",
      "something is mapped there already",
    ],
    [
      "of a closed file",
      ({ kernel, process }) => {
        const file = kernel.createFile({ pages: 1 });
        file.close();
        process.mmap({ length: PAGE, file });
      },
      "ESTALE",
      "the file was closed",
    ],
    ["of more than there is", (g) => g.process.mmap({ length: 2 ** 48 }), "ENOMEM", beyond],
    [
      "of more than any hole",
      (g) => g.process.mmap({ length: END }),
      "ENOMEM",
      "no hole is large enough, or memory is exhausted",
    ],
  ]);
});

describe("calls for a range", () => {
  const no = at(0) + 1;
  each([
    ["munmap at no page", (g) => g.process.munmap(no, 1), "EINVAL", `address is ${unaligned}`],
    [
      "munmap of nothing",
      (g) => g.process.munmap(at(0), 0),
      "EINVAL",
      "length is 0, accepted: at least 1",
    ],
    ["munmap beyond the end", (g) => g.process.munmap(END, PAGE), "EINVAL", beyond],
    [
      "mprotect at no page",
      (g) => g.process.mprotect(no, 1, "r"),
      "EINVAL",
      `address is ${unaligned}`,
    ],
    [
      "mprotect of less",
      (g) => g.process.mprotect(at(0), -1, "r"),
      "EINVAL",
      `length is -1, ${range}`,
    ],
    [
      "mprotect of a hole",
      (g) => g.process.mprotect(at(2), 4 * PAGE, "r"),
      "ENOMEM",
      `nothing is mapped at ${hex(at(4))}`,
    ],
    [
      "madvise at no page",
      (g) => g.process.madvise(no, 1, "normal"),
      "EINVAL",
      `address is ${unaligned}`,
    ],
    [
      "madvise of a hole",
      (g) => g.process.madvise(at(2), 4 * PAGE, "dontneed"),
      "ENOMEM",
      `nothing is mapped at ${hex(at(4))}, the rest is done`,
    ],
    [
      "madvise of locked pages",
      ({ process }) => {
        process.mlock(at(0), PAGE);
        process.madvise(at(0), PAGE, "dontneed");
      },
      "EINVAL",
      `the VMA at ${hex(at(0))} is locked, and keeps its pages`,
    ],
    [
      "madvise hugepage once more",
      ({ process }) => {
        process.madvise(at(0), PAGE, "hugepage");
        process.madvise(at(0), PAGE, "hugepage");
      },
      "EINVAL",
      "a VMA of the range is advised so already",
    ],
    [
      "madvise nohugepage of shared memory",
      ({ process }) => {
        lay(process, 12, 2, { shared: true });
        process.madvise(at(8), 6 * PAGE, "nohugepage");
      },
      "EINVAL",
      `the VMA at ${hex(at(12))} is shared, and shared memory has no huge pages`,
    ],
    [
      "madvise of what is not in files",
      (g) => g.process.madvise(at(0), PAGE, "willneed"),
      "EBADF",
      "only memory of files can be willneed",
    ],
    [
      "mlock of a hole",
      (g) => g.process.mlock(at(5), PAGE),
      "ENOMEM",
      `nothing is mapped at ${hex(at(5))}`,
    ],
    [
      "mlock of what nobody may read",
      ({ process }) => {
        lay(process, 20, 1, { prot: "none" });
        process.mlock(at(20), PAGE);
      },
      "ENOMEM",
      `the VMA at ${hex(at(20))} is locked, but ---p: no page can be made present`,
    ],
    [
      "mlock beyond the end of a file",
      ({ kernel, process }) => {
        lay(process, 20, 2, { file: kernel.createFile({ pages: 1 }) });
        process.mlock(at(20), 2 * PAGE);
      },
      "ENOMEM",
      `the VMA at ${hex(at(20))} is locked, but its file ends at 1`,
    ],
    [
      "munlock of a hole",
      (g) => g.process.munlock(at(5), PAGE),
      "ENOMEM",
      `nothing is mapped at ${hex(at(5))}`,
    ],
  ]);
});

describe("mremap", () => {
  const from = at(0);
  each([
    ["at no page", (g) => g.process.mremap(from + 1, 1, 1), "EINVAL", `address is ${unaligned}`],
    [
      "to nothing",
      (g) => g.process.mremap(from, PAGE, 0),
      "EINVAL",
      "newLength is 0, accepted: at least 1",
    ],
    ["to less", (g) => g.process.mremap(from, PAGE, -1), "EINVAL", `newLength is -1, ${range}`],
    [
      "to no page",
      (g) => g.process.mremap(at(2), PAGE, PAGE, { to: from + 1 }),
      "EINVAL",
      `to is ${unaligned}`,
    ],
    ["beyond the end", (g) => g.process.mremap(from, PAGE, PAGE, { to: END }), "EINVAL", beyond],
    [
      "onto itself",
      (g) => g.process.mremap(from, 2 * PAGE, 2 * PAGE, { to: at(1) }),
      "EINVAL",
      "the old and the new range overlap",
    ],
    [
      "of a hole",
      (g) => g.process.mremap(at(5), PAGE, 2 * PAGE),
      "EFAULT",
      `nothing is mapped at ${hex(at(5))}`,
    ],
    [
      "of more than is there",
      (g) => g.process.mremap(at(0), 5 * PAGE, 6 * PAGE),
      "EFAULT",
      "the old range is more than the VMA there",
    ],
    [
      "where it is, with something behind it",
      (g) => g.process.mremap(at(0), PAGE, 2 * PAGE, { mayMove: false }),
      "ENOMEM",
      "it can't grow where it is, and mayMove is false",
    ],
  ]);
});

describe("what may be locked", () => {
  each(
    [
      [
        "mlock",
        (g) => g.process.mlock(at(0), 3 * PAGE),
        "ENOMEM",
        "it would lock 3 more pages beside 0, accepted: 2 in all (memlock)",
      ],
      [
        "mlock beside what is locked",
        ({ process }) => {
          process.mlock(at(0), PAGE);
          process.mlock(at(1), 2 * PAGE);
        },
        "ENOMEM",
        "it would lock 2 more pages beside 1, accepted: 2 in all (memlock)",
      ],
      [
        "mlock up to a hole, of no more than may be locked",
        (g) => g.process.mlock(at(3), 2 * PAGE),
        "ENOMEM",
        `nothing is mapped at ${hex(at(4))}`,
      ],
      [
        "mmap",
        (g) => g.process.mmap({ length: 3 * PAGE, locked: true }),
        "EAGAIN",
        "it would lock 3 more pages beside 0, accepted: 2 in all (memlock)",
      ],
      [
        "mlockall",
        (g) => g.process.mlockall({ current: true }),
        "ENOMEM",
        "more is mapped than can be locked: 2 pages (memlock)",
      ],
      [
        "mlockall of nothing",
        (g) => g.process.mlockall({}),
        "EINVAL",
        "neither current nor future is true",
      ],
    ],
    { memlock: 2 },
  );
});

describe("mlock of a page that can't be touched", () => {
  each([
    [
      "as it is poisoned",
      ({ kernel, process }) => {
        kernel.memoryFailure(pageAt(process, 2));
        process.mlock(at(0), 4 * PAGE);
      },
      "ENOMEM",
      `the VMA at ${hex(at(0))} is locked, but its page at ${hex(at(2))} is SIGBUS for who touches it`,
    ],
  ]);
});

describe("without a right to lock", () => {
  const why = "memlock is 0: nothing can be locked";
  each(
    [
      ["mlock", (g) => g.process.mlock(at(0), PAGE), "EPERM", why],
      ["mlockall", (g) => g.process.mlockall({ future: true }), "EPERM", why],
      ["mmap", (g) => g.process.mmap({ length: PAGE, locked: true }), "EPERM", why],
    ],
    { memlock: 0 },
  );
});

describe("with as many VMAs as there may be", () => {
  const why = "a process has at most 2 VMAs (maxMapCount), and this one has ";
  each(
    [
      ["munmap", (g) => g.process.munmap(at(1), PAGE), "ENOMEM", `${why}2`],
      ["mprotect", (g) => g.process.mprotect(at(1), PAGE, "r"), "ENOMEM", `${why}2`],
      ["mlock", (g) => g.process.mlock(at(1), PAGE), "ENOMEM", `${why}2`],
      [
        "mmap",
        ({ process }) => {
          lay(process, 20, 1);
          lay(process, 30, 1);
        },
        "ENOMEM",
        `${why}3`,
      ],
      ["mremap", (g) => g.process.mremap(at(0), PAGE, PAGE, { to: at(20) }), "ENOMEM", `${why}2`],
    ],
    { maxMapCount: 2 },
  );
});

test.each([
  [8, 8, "9 pages of arguments are more than the 8 that a stack may have (stack)"],
  [32, 32, "33 pages of arguments are more than the 32 that a stack may have (stack)"],
  [
    33,
    31,
    "32 pages of arguments, and one that is kept free below, are more than 32, " +
      "which is what arguments may have (ARG_MAX) in a stack of 33 (stack)",
  ],
  [
    131,
    31,
    "32 pages of arguments, and one that is kept free below, are more than 32, " +
      "which is what arguments may have (ARG_MAX) in a stack of 131 (stack)",
  ],
  [
    400,
    99,
    "100 pages of arguments, and one that is kept free below, are more than 100, " +
      "a quarter of the 400 that a stack may have (stack)",
  ],
])("a stack of %i pages has room for %i pages of arguments", async (stack, most, why) => {
  const { process } = await ground({ stack, frames: 1000 });
  process.exec({ stack: { pages: most } });
  expect(failure(() => process.exec({ stack: { pages: most + 1 } }))).toEqual(["E2BIG", why]);
});

describe("exec", () => {
  each(
    [
      [
        "with many arguments",
        (g) => g.process.exec({ stack: { pages: 5 } }),
        "E2BIG",
        "5 pages of arguments are more than the 4 that a stack may have (stack)",
      ],
      [
        "with a stack that is none",
        (g) => g.process.exec({ stack: 5 as never }),
        "EINVAL",
        "stack is 5, accepted: an object with pages, top, executable",
      ],
      [
        "with a stack of another kind",
        (g) => g.process.exec({ stack: { pages: 1, executable: "x" as never } }),
        "EINVAL",
        'stack.executable is "x", accepted: true, false',
      ],
      [
        "with more arguments than a cgroup may have",
        ({ kernel }) => {
          const cgroup = kernel.createCgroup("small", { limit: 1 });
          kernel.spawn({ cgroup }).exec({ stack: { pages: 3 } });
        },
        "ENOMEM",
        "cgroup small has 0 pages and a limit of 1, it would have 3 more",
      ],
      [
        "with a stack at no place for one",
        (g) => g.process.exec({ stack: { pages: 1, top: 5 } }),
        "EINVAL",
        "stack.top is 0x5, accepted: multiples of 4096 up to 0x7ffffffff000, with room for the pages below",
      ],
    ],
    { stack: 4, swap: 0 },
  );
});

describe("exec in a small machine", () => {
  each([
    [
      "with more arguments than frames",
      (g) => g.process.exec({ stack: { pages: 100 } }),
      "ENOMEM",
      "it needs 100 frames for arguments, and 60 are free",
    ],
  ]);
});

describe("an access", () => {
  each([
    ["to a hole", (g) => g.process.read(at(5)), "SIGSEGV", "nothing is mapped there"],
    ["that is not allowed", (g) => g.process.write(at(8), 1), "SIGSEGV", "the VMA there is r--p"],
    [
      "beyond the end of a file",
      ({ kernel, process }) => {
        lay(process, 20, 3, { file: kernel.createFile({ pages: 1 }) });
        process.read(at(22));
      },
      "SIGBUS",
      "page 2 is beyond the end of its file at 1",
    ],
    [
      "to a broken page",
      ({ kernel, process }) => {
        const page = pageAt(process, 0);
        kernel.poison(page);
        kernel.tryToUnmap(page, { ignoreAccess: true });
        process.read(at(0));
      },
      "SIGBUS",
      "the page is poisoned",
    ],
    [
      "far below a stack",
      ({ process }) => {
        lay(process, 3000, 1, { growsDown: true });
        process.write(at(20), 1);
      },
      "SIGSEGV",
      "the stack at 0x200000bb8000 would have 2981 pages, accepted: 2048 (stack)",
    ],
    [
      "below a stack that shows nothing more",
      ({ process }) => {
        process.mmap({ address: 2 * PAGE, length: PAGE, fixed: true, growsDown: true });
        process.write(2 * PAGE, 1);
        process.mremap(PAGE, 2 * PAGE, 2 * PAGE, { to: at(100) });
        process.write(at(98), 1);
      },
      "SIGSEGV",
      "the stack at 0x200000064000 can't grow so far",
    ],
    [
      "to the beginning of a stack, with something right below",
      ({ process }) => {
        lay(process, 10, 1, { growsDown: true });
        process.write(at(10), 1);
      },
      "SIGBUS",
      "a stack does not touch what is mapped right below it",
    ],
    [
      "to a broken page at the beginning of a stack",
      ({ kernel, process }) => {
        lay(process, 20, 1, { growsDown: true });
        process.write(at(20), 1);
        lay(process, 18, 1);
        kernel.poison(pageAt(process, 20));
        kernel.tryToUnmap(pageAt(process, 20), { ignoreAccess: true });
        process.munmap(at(20) - PAGE, PAGE);
        lay(process, 19, 1);
        process.read(at(20));
      },
      "SIGBUS",
      "a stack does not touch what is mapped right below it, or the page is poisoned",
    ],
    [
      "to a broken page where a stack was cut",
      ({ kernel, process }) => {
        lay(process, 20, 4, { growsDown: true });
        process.write(at(22), 1);
        process.mprotect(at(20), 2 * PAGE, "r");
        kernel.poison(pageAt(process, 22));
        kernel.tryToUnmap(pageAt(process, 22), { ignoreAccess: true });
        process.read(at(22));
      },
      "SIGBUS",
      "the page is poisoned",
    ],
    [
      "of a process that is gone",
      ({ process }) => {
        process.exit();
        process.read(at(0));
      },
      "ESRCH",
      "it has exited",
    ],
  ]);

  test("without a frame", async () => {
    const { process } = await machine({ frames: 1 });
    fill(process, 0, 1);
    lay(process, 1, 1);
    expect(failure(() => process.write(at(1), 1))).toEqual(["ENOMEM", "no frame is free"]);
  });
});

describe("files", () => {
  test("without a name are told by their inode", async () => {
    const { kernel } = await machine();
    const file = kernel.createFile({ pages: 1 });
    file.close();
    expect(() => file.truncate(0)).toThrow(
      `truncate(0) of file of inode ${file.inode}: ESTALE: it was closed`,
    );
    expect(() => file.open()).toThrow(`open() of file of inode ${file.inode}: ESTALE`);
  });

  each([
    [
      "of a size that can't be",
      ({ kernel }) => kernel.createFile({ pages: 1 }).truncate(2 ** 52 + 1),
      "EINVAL",
      `pages is ${2 ** 52 + 1}, accepted: integers from 0 to 2^52`,
    ],
    [
      "with a hole beyond what can be",
      ({ kernel }) => kernel.createFile({ pages: 1 }).punchHole(9, 2 ** 52),
      "EINVAL",
      `pages is ${2 ** 52}, accepted: integers from 0 to ${2 ** 52 - 9}`,
    ],
    [
      "with a dirty page",
      ({ kernel }) => {
        const file = kernel.createFile({ pages: 1 });
        file.write(0, 1);
        file.invalidate(0, 1, "all");
      },
      "EBUSY",
      "a dirty page had to stay",
    ],
  ]);
});

describe("a memory cgroup that was removed", () => {
  test("is named by what it was an option of", async () => {
    const { kernel, process } = await ground();
    const cgroup = kernel.createCgroup("g");
    const page = pageAt(process, 0);
    cgroup.remove();
    const gone = ["ESTALE", "cgroup g was removed"];
    expect(failure(() => kernel.spawn({ cgroup }))).toEqual(gone);
    expect(failure(() => kernel.createCgroup("z", { parent: cgroup }))).toEqual(gone);
    expect(failure(() => kernel.reclaim(5, { cgroup }))).toEqual(gone);
    expect(failure(() => kernel.pageReferenced(page, { cgroup }))).toEqual(gone);
    expect(failure(() => cgroup.reclaim(5))).toEqual(["ESTALE", "it was removed"]);
  });

  test("is not what a page that was freed is told of", async () => {
    const { kernel, process } = await ground();
    const cgroup = kernel.createCgroup("g");
    const page = pageAt(process, 0);
    process.exit();
    expect(failure(() => kernel.pageReferenced(page, { cgroup }))).toEqual([
      "ESTALE",
      "it was freed",
    ]);
  });
});

describe("swap and reclaim", () => {
  const most = 2 ** 31 - 1;
  each([
    [
      "swapon of nothing",
      (g) => g.kernel.swapon(0),
      "EINVAL",
      `pages is 0, accepted: integers from 1 to ${most}`,
    ],
    [
      "swapon beyond what all areas can have",
      (g) => g.kernel.swapon(most),
      "EINVAL",
      `pages is ${most}, accepted: up to ${most} in all swap areas together`,
    ],
    [
      "swapon with a priority that can't be",
      (g) => g.kernel.swapon(10, { priority: 70000 }),
      "EINVAL",
      "priority is 70000, accepted: integers from -1 to 32767",
    ],
    [
      "a ninth swapon",
      (g) => Array.from({ length: 8 }, () => g.kernel.swapon(1)),
      "EPERM",
      "there are 8 swap areas, and no more than that",
    ],
    [
      "swapoff of 9",
      (g) => g.kernel.swapoff(9),
      "EINVAL",
      "area is 9, accepted: integers from 0 to 7",
    ],
    [
      "swapoff of none",
      (g) => g.kernel.swapoff(3),
      "EINVAL",
      "area is 3, accepted: a swap area in use",
    ],
    [
      "swapoff without frames",
      ({ kernel, process }) => {
        swapOut(kernel, process, [0, 1]);
        fill(process, 20, kernel.vmstat().nr_free_pages);
        kernel.swapoff(0);
      },
      "ENOMEM",
      "what is in it does not fit in the frames that are free",
    ],
    [
      "swapoff of what a memory cgroup may not have",
      ({ kernel }) => {
        const cgroup = kernel.createCgroup("small", { limit: 4 });
        const inside = kernel.spawn({ cgroup });
        fill(inside, 0, 12);
        kernel.swapoff(0);
      },
      "ENOMEM",
      "what is in it does not fit within the limits of memory cgroups",
    ],
    [
      "reclaim of less",
      (g) => g.kernel.reclaim(-1),
      "EINVAL",
      `pages is -1, accepted: integers from 0 to ${most}`,
    ],
    [
      "unpin of what is not pinned",
      ({ kernel, process }) => kernel.unpin(pageAt(process, 0)),
      "EINVAL",
      "it is not pinned",
    ],
  ]);

  test("a priority of -1 is as none", async () => {
    const { kernel, process } = await machine({ swap: 1 });
    kernel.swapon(1, { priority: -1 });
    fill(process, 0, 2);
    kernel.recordEvents(true);
    swapOut(kernel, process, [0, 1]);
    kernel.takeEvents();
    for (const i of [0, 1]) process.read(at(i));
    const areas = kernel.takeEvents().filter(({ event }) => event === "SwapRead");
    expect(areas.map(({ b }) => b)).toEqual([0, 1]);
  });
});
