import { describe, expect, test } from "vitest";
import { ACCOUNT_MERGE, ANON_VMA_MERGE } from "../../bindings/trace/comparison.js";
import { replayCalls } from "./snippet.js";

const ANON = "MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0";

describe("a cut between equal neighbours that only one side has", () => {
  test("is no difference, and counted", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 8192, PROT_READ, ${ANON}) = 0x10000000`,
      `10000000-10001000 r--p 00000000 00:00 0
       10001000-10002000 r--p 00000000 00:00 0`,
    );
    expect(maps).toMatchObject({ compared: 3, differences: 0, boundaries: 1, explained: [] });
  });

  test("is explained where 6.18 merges a range with an anon_vma into one without", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 4096, PROT_READ|PROT_WRITE, ${ANON}) = 0x10000000
       mprotect(0x10000000, 4096, PROT_READ) = 0
       mmap(NULL, 4096, PROT_READ|PROT_WRITE, ${ANON}) = 0x10001000
       mprotect(0x10001000, 4096, PROT_READ) = 0`,
      "10000000-10002000 r--p 00000000 00:00 0",
      "10 2.000003500 fault(0x10001000, w, miss, user)",
    );
    expect(maps).toMatchObject({
      differences: 0,
      boundaries: 1,
      explained: [{ why: ANON_VMA_MERGE, count: 1 }],
    });
  });

  test("is explained where 6.18 gives up the accounting of memory that was never touched", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000
       mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10001000
       mprotect(0x10001000, 4096, PROT_READ) = 0`,
      "10000000-10002000 r--p 00000000 00:00 0",
    );
    expect(maps).toMatchObject({
      differences: 0,
      boundaries: 1,
      explained: [{ why: ACCOUNT_MERGE, count: 1 }],
    });
  });

  test("is not explained by anything else", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000
       mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10001000
       madvise(0x10001000, 4096, MADV_DONTFORK) = 0
       mprotect(0x10001000, 4096, PROT_READ) = 0`,
      "10000000-10002000 r--p 00000000 00:00 0",
    );
    expect(maps).toMatchObject({ differences: 0, boundaries: 1, explained: [] });
  });
});

describe("a range that does not agree", () => {
  const calls = `
    openat(AT_FDCWD, "/a", O_RDONLY) = 3</a>
    mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3</a>, 0x1000) = 0x10000000`;

  test.each([
    ["start", "0ffff000-10002000 r--p 00001000 fe:00 9 /a"],
    ["end", "10000000-10003000 r--p 00001000 fe:00 9 /a"],
    ["protection", "10000000-10002000 r-xp 00001000 fe:00 9 /a"],
    ["sharing", "10000000-10002000 r--s 00001000 fe:00 9 /a"],
    ["offset", "10000000-10002000 r--p 00002000 fe:00 9 /a"],
    ["file", "10000000-10002000 r--p 00001000 fe:00 9 /b"],
    ["file, when it is none", "10000000-10002000 r--p 00000000 00:00 0"],
  ])("in its %s is a difference", async (_, mapped) => {
    const { maps } = await replayCalls(calls.trim(), mapped);
    expect(maps).toMatchObject({ compared: 3, differences: 1, boundaries: 0 });
  });

  test("that is in two pieces of unequal protection on one side is two", async () => {
    const { maps } = await replayCalls(
      calls.trim(),
      `10000000-10001000 r--p 00001000 fe:00 9 /a
       10001000-10002000 ---p 00002000 fe:00 9 /a`,
    );
    expect(maps).toMatchObject({ compared: 4, differences: 2 });
  });

  test("is told once when many captured ranges lie where one replayed range is", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 16384, PROT_READ, ${ANON}) = 0x10000000`,
      `10000000-10001000 r-xp 00000000 00:00 0
       10002000-10003000 r-xp 00000000 00:00 0`,
    );
    expect(maps.details.map(({ captured }) => captured)).toEqual([
      "10000000-10001000 r-xp 00000000",
      "10002000-10003000 r-xp 00000000",
    ]);
  });
});
