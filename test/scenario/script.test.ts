import { describe, expect, test } from "vitest";
import { MAX_OPERATIONS, parseScript } from "../../bindings/scenario/script.js";
import { LineError } from "../../bindings/scenario/line-error.js";

function refusal(text: string): string {
  try {
    parseScript(text, "s");
  } catch (error) {
    if (error instanceof LineError) return error.message;
    throw error;
  }
  return "accepted";
}

const BOTH = "file F 4 disk\nspawn A\n";

describe("the script language", () => {
  test("comments, blank lines, blanks and CRLF do not count", () => {
    const { operations } = parseScript("# head\r\n\r\n \tspawn   A\t# why\r\nread A 7#x\r\n", "s");
    expect(operations).toEqual([
      { op: "spawn", process: "A", cgroup: null, line: 3, text: "spawn A" },
      { op: "read", process: "A", page: 7, line: 4, text: "read A 7" },
    ]);
  });

  test("an empty script is a script", () => {
    expect(parseScript("", "s")).toEqual({ name: "s", operations: [], arch: "x86-64" });
    expect(parseScript("s390 # and nothing else", "s").arch).toBe("s390x");
  });

  test("what is left out has its usual value", () => {
    const { operations } = parseScript(
      "file F 4\nspawn A\nwrite A 1\nmremap A 0 4 10\ndump\n",
      "s",
    );
    expect(operations).toMatchObject([
      { kind: "tmpfs" },
      {},
      { value: 3 },
      { newPage: 10, newCount: 4 },
      { label: "line 5" },
    ]);
  });

  test("a file and a process may share a name, and names of objects of JavaScript are free", () => {
    expect(refusal("file A 1\nspawn A\nspawn __proto__\nfork __proto__ constructor")).toMatch(
      /^s:3: bad process name|^accepted$/,
    );
  });

  test.each([
    ["", "frob A", 's:1: unknown operation "frob"; accepted are file, truncate, spawn, memcg'],
    ["", "constructor", 's:1: unknown operation "constructor"; accepted are file,'],
    ["", "Spawn A", 's:1: unknown operation "Spawn"; did you mean spawn?'],
    ["", "swapout A 0 1", 's:1: unknown operation "swapout"; did you mean swap-out?'],
    ["", "swap_out A 0 1", 's:1: unknown operation "swap_out"; did you mean swap-out?'],
    ["", "swap-off 0", 's:1: unknown operation "swap-off"; did you mean swapoff?'],
    ["", "-- A", 's:1: unknown operation "--"; accepted are file,'],
    ["", "spawn", "s:1: spawn takes 1 or 2 arguments, 0 given; write it as spawn P [G]"],
    [BOTH, "read A", "s:3: read takes 2 arguments, 1 given; write it as read P page"],
    [BOTH, "write A 1 2 3", "s:3: write takes 2 or 3 arguments, 4 given"],
    [BOTH, "ksm now", "s:3: ksm takes 0 arguments, 1 given"],
    [BOTH, "read B 1", 's:3: unknown process "B"; processes so far: A'],
    [BOTH, "pin F 1", 's:3: unknown process "F", it is a file; processes so far: A'],
    [BOTH, "writeback A", 's:3: unknown file "A", it is a process; files so far: F'],
    ["", "exit A", 's:1: unknown process "A"; spawn P or fork P Q makes one'],
    ["", "truncate F 1", 's:1: unknown file "F"; file F npages makes one'],
    [BOTH, "spawn A", 's:3: process name "A" is taken since line 2'],
    [BOTH + "exit A\n", "spawn A", 's:4: process name "A" is taken since line 2'],
    [BOTH, "fork A A", 's:3: process name "A" is taken since line 2'],
    [
      BOTH,
      "file F 1",
      's:3: file name "F" is taken since line 1; a name is used for one file only',
    ],
    ["", "spawn a:b", 's:1: bad process name "a:b"; a name is 1 to 64 of'],
    ["", `spawn ${"x".repeat(65)}`, "s:1: bad process name"],
    [
      BOTH,
      "read A one",
      's:3: page "one" is not a whole number; accepted are whole numbers from 0',
    ],
    [BOTH, "read A 1.5", 's:3: page "1.5" is not a whole number'],
    [BOTH, "read A 0x10", 's:3: page "0x10" is not a whole number'],
    [
      BOTH,
      "read A -1",
      's:3: page "-1" is out of range; accepted are whole numbers from 0 to 262143',
    ],
    [BOTH, "read A 262144", 's:3: page "262144" is out of range'],
    [BOTH, `read A ${"9".repeat(400)}`, "is out of range"],
    [BOTH, "munmap A 1 262144", "s:3: 262144 pages from page 1 end outside the arena"],
    [BOTH, "mremap A 0 10 262140", "s:3: 10 pages from page 262140 end outside the arena"],
    [BOTH, "write A 1 9007199254740992", 'value "9007199254740992" is out of range'],
    [BOTH, "write A 1 -1", 's:3: value "-1" is out of range'],
    ["", "file F 1099511627777", "s:1: file size"],
    ["", "file F 1 ext4", 's:1: unknown kind of file "ext4"; accepted are tmpfs, disk'],
    [BOTH, "mprotect A 0 1 wx", 's:3: unknown protection "wx"; accepted are r, rw, rwx, none'],
    [
      BOTH,
      "mmap A 0 1 rw heap private",
      's:3: unknown backing "heap"; accepted are anon and file:',
    ],
    [BOTH, "mmap A 0 1 rw file:F private", 's:3: unknown backing "file:F"'],
    [BOTH, "mmap A 0 1 rw file:G:0 private", 's:3: unknown file "G"; files so far: F'],
    [BOTH, "mmap A 0 1 rw file:F:x private", 's:3: page offset "x" is not a whole number'],
    [BOTH, "mmap A 0 1 rw file:F:0:1 private", 's:3: unknown backing "file:F:0:1"'],
    [
      BOTH,
      "mmap A 0 1 rw anon hidden",
      's:3: unknown sharing "hidden"; accepted are private, shared',
    ],
    [BOTH, "madvise A 0 1 random", 's:3: unknown advice "random"; accepted are dontneed,'],
    [BOTH, "remap_file_pages A 0 1", "write it as remap_file_pages P page n pgoff [nonblock]"],
    [BOTH, "remap-file-pages A 0 1 0", "did you mean remap_file_pages?"],
    [
      BOTH,
      "remap_file_pages A 0 1 0 block",
      's:3: unknown way to remap "block"; accepted is nonblock',
    ],
    [
      BOTH,
      "mlockall A all",
      's:3: unknown kind of mlockall "all"; accepted are current, future, both',
    ],
    [BOTH, "io stop", 's:3: unknown I/O "stop"; accepted are hold, release'],
    [
      BOTH,
      "reclaim 5 kswapd",
      's:3: unknown kind of reclaim "kswapd"; accepted are direct, background',
    ],
    [
      BOTH,
      "invalidate F 0 1 none",
      's:3: unknown kind of invalidation "none"; accepted are idle, all',
    ],
    [BOTH, "file-write F -1", 's:3: page offset "-1" is out of range; accepted are'],
    [
      BOTH,
      "swapon 8 99999",
      's:3: priority "99999" is out of range; accepted are whole numbers from -1',
    ],
    [
      BOTH,
      "swapoff 9",
      's:3: swap area "9" is out of range; accepted are whole numbers from 0 to 7',
    ],
    ["", "dump a/b", 's:1: bad label "a/b"'],
  ])("after %j, %j is refused with its line and what is accepted", (before, line, message) => {
    expect(refusal(`${before}${line}\n`)).toContain(message);
    expect(refusal(`${before}${line}\n`)).not.toContain("\n");
  });

  test.each([
    ["spawn A\ns390", "s:2: s390 comes after operations; accepted in a line before all operations"],
    ["s390 x", "s:1: s390 takes 0 arguments, 1 given; write it as s390"],
    ["S390", 's:1: unknown operation "S390"; did you mean s390?'],
  ])("%j: the machine is asked for in a line before all operations", (text, message) => {
    expect(refusal(`${text}\n`)).toBe(message);
  });

  test("only a process is said to have exited", () => {
    expect(refusal(`${BOTH}spawn A`)).toMatch(/used for one process only, even after its exit$/);
    expect(refusal(`${BOTH}file F 1`)).toMatch(/used for one file only$/);
  });

  test("control characters of the input do not reach the message", () => {
    expect(refusal("spawn \x1b[31m\x9b0m\u202e")).toBe(
      's:1: bad process name "?[31m?0m?"; a name is 1 to 64 of A-Z a-z 0-9 _ . - and does not ' +
        "begin with . or -",
    );
  });

  test("more operations than a run can take are refused", () => {
    expect(refusal("dump\n".repeat(MAX_OPERATIONS + 1))).toBe(
      `s:${MAX_OPERATIONS + 1}: too many operations; at most ${MAX_OPERATIONS}`,
    );
  });

  test("a script that is too long is refused", () => {
    expect(refusal("#".repeat(5 * 1024 * 1024))).toMatch(/^s: script too long; at most/);
  });
});
