import { describe, expect, test } from "vitest";
import { Clock } from "../../bindings/trace/clock.js";
import { parseStraceLine } from "../../bindings/trace/strace-line.js";

function parse(line: string) {
  return parseStraceLine(line, new Clock());
}

describe("a line of strace", () => {
  test("is a call with its arguments and its result", () => {
    expect(parse("12 1700000000.000000001 munmap(0x1000, 4096) = 0 <0.000003>")).toEqual({
      tid: 12,
      time: 1,
      kind: "call",
      name: "munmap",
      args: "0x1000, 4096",
      result: "0 <0.000003>",
    });
  });

  test("may have no thread id, or one in brackets, and fewer digits of a second", () => {
    expect(parse("1700000000.5 getpid() = 12")).toMatchObject({ tid: null, time: 5e8 });
    expect(parse("[pid   12] 1700000000.25 getpid() = 12")).toMatchObject({ tid: 12, time: 25e7 });
  });

  test.each([
    ['open("a) = 1\\")", O_RDONLY) = 3</a) = 1>', '"a) = 1\\")", O_RDONLY'],
    [
      "clone3({flags=CLONE_VM} => {parent_tid=[5]}, 88) = 5",
      "{flags=CLONE_VM} => {parent_tid=[5]}, 88",
    ],
    ["close(3</dev/pts/0<char 136:0>>) = 0", "3</dev/pts/0<char 136:0>>"],
    ["close(4<TCP:[1.2.3.4:5->6.7.8.9:80]>) = 0", "4<TCP:[1.2.3.4:5->6.7.8.9:80]>"],
    ["close(3</tmp/a) b>) = 0", "3</tmp/a) b>"],
    ["mmap(0x1, 1 /* not ) this */, 3) = 0", "0x1, 1 /* not ) this */, 3"],
    [
      "mmap(NULL, 4, 3, MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = 0",
      "NULL, 4, 3, MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0",
    ],
    ['write(1, "x"..., 4) = 4', '1, "x"..., 4'],
    ["brk(NULL)               = 0x5000", "NULL"],
  ])("ends its arguments where they end: %s", (call, args) => {
    expect(parse(`1 1.0 ${call}`)).toMatchObject({ kind: "call", args });
  });

  test("may begin a call, or resume one", () => {
    expect(parse("1 1.0 mmap(NULL, 4096 <unfinished ...>")).toMatchObject({
      kind: "begun",
      name: "mmap",
      args: "NULL, 4096",
    });
    expect(parse("1 1.0 <... clone3 resumed> => {parent_tid=[5]}, 88) = 5")).toMatchObject({
      kind: "resumed",
      name: "clone3",
      rest: " => {parent_tid=[5]}, 88) = 5",
    });
  });

  test("may tell a signal, or the end of a thread", () => {
    expect(parse("1 1.0 --- SIGSEGV {si_signo=SIGSEGV, si_addr=0x10} ---")).toMatchObject({
      kind: "signal",
      signal: "SIGSEGV",
      info: "{si_signo=SIGSEGV, si_addr=0x10}",
    });
    expect(parse("1 1.0 --- stopped by SIGSTOP ---")).toMatchObject({ kind: "note" });
    expect(parse("1 1.0 +++ exited with 0 +++")).toMatchObject({ kind: "end", how: "exited" });
    expect(parse("1 1.0 +++ killed by SIGKILL (core dumped) +++")).toMatchObject({
      kind: "end",
      how: "killed",
    });
    expect(parse("1 1.0 +++ superseded by execve in pid 7 +++")).toMatchObject({
      kind: "superseded",
      by: 7,
    });
    expect(parse("strace: Process 12 attached")).toMatchObject({ kind: "note" });
  });

  test.each([
    "",
    "hello",
    "12 munmap(0x1000, 4096) = 0",
    "12 1.0 munmap(0x1000, 4096",
    "12 1.0 munmap(0x1000, 4096) 0",
    "12 1.0 munmap",
    "12 1.0 --- SIGSEGV",
    "12 1.0 +++ flew away +++",
    "12 1.0 <... resumed>) = 0",
  ])("is nothing else: %s", (line) => {
    expect(parse(line)).toBeNull();
  });

  test("is read to its end, whatever it holds", () => {
    for (const filling of [" ", "(", "<", "\\", '"', "/*", "1<1", "{,", " ="]) {
      parse(`1 1.0 mmap(${filling.repeat(500_000)}`);
      parse(`1 1.0 --- SIGSEGV ${filling.repeat(500_000)}`);
    }
  });
});
