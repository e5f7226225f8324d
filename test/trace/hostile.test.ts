import { gzipSync } from "node:zlib";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LineError } from "../../bindings/scenario/line-error.js";
import { readCaptureText } from "../../bindings/trace/capture-text.js";
import { PROGRAM, parseSnippet, replayCalls, replaySnippet } from "./snippet.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rmaplab-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

describe("files that are none", () => {
  test("missing, a folder, a gzip file cut short, damaged, or that unpacks to too much", () => {
    const packed = gzipSync("1 1.0 munmap(0x1000, 4096) = 0\n".repeat(1000));
    const damaged = Uint8Array.from(packed, (byte, at) => (at === 40 ? byte ^ 0xff : byte));
    expect(() => readCaptureText(join(folder, "none"))).toThrow(/none: no such file; /);
    expect(() => readCaptureText(folder)).toThrow(/: is a directory; /);
    const cut = file("cut.gz", packed.subarray(0, packed.length - 20));
    expect(() => readCaptureText(cut)).toThrow(/cut.gz: the gzip file ends too early; /);
    expect(() => readCaptureText(file("bad.gz", damaged))).toThrow(/the gzip file is damaged; /);
    const bomb = file("bomb.gz", gzipSync(new Uint8Array(4_000_000)));
    expect(() => readCaptureText(bomb, 1 << 20)).toThrow(/too much text; at most 1 MiB/);
    expect(readCaptureText(file("whole.gz", packed)).text).toHaveLength(31_000);
  });
});

describe("malformed arguments", () => {
  test.each([
    [
      "mmap(NULL, 0, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000",
      "argument 2 of mmap",
    ],
    [
      "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000001",
      "mmap returned 0x10000001",
    ],
    ["mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 5) = 0x10000000", "argument 6 of mmap"],
    ["mmap(NULL, 4096) = 0x10000000", "argument 4 of mmap is missing"],
    ["munmap(0xffffffffffffffff, 4096) = 0", "argument 1 of munmap"],
    ["mremap(0x1000, 1, 1, 0) = 0xffffffffffff", "mremap returned 0xffffffffffff"],
    ["close(x) = 0", "argument 1 of close"],
    ["clone(1, 2) = 11", "argument 1 of clone"],
    ["io_setup(1, 0x5) = 0", "argument 2 of io_setup"],
  ])("name file and line: %s", async (call, problem) => {
    const replayed = replayCalls(call, "");
    await expect(replayed).rejects.toBeInstanceOf(LineError);
    await expect(replayed).rejects.toThrow(`t.strace:2: ${problem}`);
  });
});

describe("captures that ask for much", () => {
  test("are bounded: terabytes that are populated, locked or faulted in", async () => {
    const terabyte = 2 ** 40;
    const result = await replayCalls(
      `mmap(NULL, ${terabyte}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x100000000000
       mlockall(MCL_CURRENT|MCL_FUTURE) = 0
       mmap(NULL, ${terabyte}, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x200000000000
       madvise(0x100000000000, ${terabyte}, MADV_POPULATE_WRITE) = 0`,
      `100000000000-110000000000 rw-p 00000000 00:00 0
       200000000000-210000000000 rw-s 00000000 00:01 9 /dev/zero (deleted)`,
    );
    expect(result.maps.differences).toBe(0);
    expect(result.populated.pages).toBeLessThanOrEqual(65536);
    expect(result.populated.left).toBeGreaterThan(2 ** 28);
  });

  test("many processes, many threads, many execs", async () => {
    const lines = [PROGRAM.strace];
    for (let child = 100; child < 1100; child++) {
      const time = `2.${String(child).padStart(6, "0")}`;
      lines.push(`10 ${time} clone(child_stack=NULL, flags=SIGCHLD) = ${child}`);
      lines.push(`${child} ${time}5 execve("/bin/p", ["p"], 0x1) = 0`);
    }
    const result = await replaySnippet({
      strace: `${lines.join("\n")}\n`,
      faults: "",
      maps: PROGRAM.maps,
    });
    expect(result.operations).toEqual({ execve: 1001, clone: 1000 });
  }, 30_000);

  test("an abort ends a replay", async () => {
    const { replay } = await import("../../bindings/trace/replay.js");
    const calls =
      "10 2.0 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000\n";
    const capture = parseSnippet({ strace: calls.repeat(60_000), faults: "" });
    const controller = new AbortController();
    const replayed = replay(capture, {
      signal: controller.signal,
      progress: () => {
        controller.abort(new Error("enough"));
      },
    });
    await expect(replayed).rejects.toThrow("enough");
  });
});

describe("whatever stands in the lines", () => {
  const word = fc.oneof(
    fc.constantFrom(
      ..."mmap munmap mremap brk clone execve exit_group madvise shmat shmdt close dup2".split(" "),
    ),
    fc.constantFrom(
      ..."NULL -1 0 4096 8192 0x1000 0x2000 0x7ffffffff000 1 2 3</a> {flags=CLONE_VM} [".split(" "),
    ),
    fc.constantFrom(
      ..."PROT_READ MAP_SHARED|MAP_ANONYMOUS MAP_FIXED MADV_DONTFORK MREMAP_MAYMOVE".split(" "),
    ),
  );
  const call = fc
    .tuple(fc.integer({ min: 9, max: 13 }), word, fc.array(word, { maxLength: 6 }), word)
    .map(([tid, name, args, value]) => `${tid} 2.0 ${name}(${args.join(", ")}) = ${value}`);

  test("a replay ends, or says which line is malformed", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
        try {
          const result = await replaySnippet({
            strace: `${[PROGRAM.strace, ...calls].join("\n")}\n`,
            maps: PROGRAM.maps,
          });
          expect(result.violations).toEqual([]);
        } catch (error) {
          expect(error).toBeInstanceOf(LineError);
          expect((error as LineError).message).toMatch(/^t\.strace:\d+: /);
        }
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
