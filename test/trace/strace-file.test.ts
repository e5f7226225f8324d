import { describe, expect, test } from "vitest";
import { callKind } from "../../bindings/trace/call-table.js";
import { LineError } from "../../bindings/scenario/line-error.js";
import { Clock } from "../../bindings/trace/clock.js";
import { parseStrace } from "../../bindings/trace/strace-file.js";
import { TracedCall } from "../../bindings/trace/traced-call.js";

function parse(text: string) {
  return parseStrace({ name: "a.strace", text }, new Clock(), callKind);
}

function calls(text: string): TracedCall[] {
  return parse(text).events.filter((event) => event instanceof TracedCall);
}

describe("an strace capture", () => {
  test("joins a call that was interrupted, at the time when it was resumed", () => {
    const [first, second] = calls(
      "1 5.000000000 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0 <unfinished ...>\n" +
        "2 5.000000005 munmap(0x1000, 4096) = 0\n" +
        "1 5.000000010 <... mmap resumed>) = 0x7000 <0.1>\n",
    );
    expect(first).toMatchObject({ name: "munmap", tid: 2, time: 5, line: 2 });
    expect(second).toMatchObject({
      name: "mmap",
      tid: 1,
      start: 0,
      time: 10,
      line: 3,
      result: 0x7000,
    });
    expect(second?.parts).toHaveLength(6);
  });

  test("passes over calls that change no address space, and counts those it does not know", () => {
    const { events, unknown } = parse(
      '1 1.0 read(3, "x", 1) = 1\n' +
        "1 1.1 frobnicate(3) = 0\n" +
        "1 1.2 frobnicate(3) = -1 ENOSYS (Function not implemented)\n" +
        "1 1.3 <... mremap resumed>) = 0x1000\n",
    );
    expect(events).toEqual([]);
    expect([...unknown]).toEqual([
      ["frobnicate", 1],
      ["mremap", 1],
    ]);
  });

  test("knows the error of a call that failed, and that some never return", () => {
    const [failed, never] = calls(
      '1 1.0 openat(AT_FDCWD, "/x", O_RDONLY) = -1 ENOENT (No such file or directory) <0.1>\n' +
        "1 1.1 exit_group(0) = ?\n",
    );
    expect(failed).toMatchObject({ error: "ENOENT", result: -1 });
    expect(never).toMatchObject({ error: null, result: null });
  });

  test("gives the descriptor that a call returned, with its path", () => {
    const [annotated, plain] = calls(
      '1 1.0 openat(AT_FDCWD, "x", O_RDONLY) = 3</usr/lib/x> <0.000010>\n' +
        '1 1.1 openat(AT_FDCWD, "x", O_RDONLY) = 4 <0.000010>\n',
    );
    expect(annotated?.returnedDescriptor()).toEqual({ number: 3, path: "/usr/lib/x" });
    expect(plain?.returnedDescriptor()).toEqual({ number: 4, path: null });
  });

  test("collects the signals that answer a fault", () => {
    const { signals } = parse(
      "7 1.0 --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x1234} ---\n" +
        "7 1.1 --- SIGCHLD {si_signo=SIGCHLD, si_pid=8} ---\n",
    );
    expect(signals).toEqual([{ tid: 7, time: 0, page: 0x1000 }]);
  });

  test("may end in the middle of its last line, and nowhere else", () => {
    expect(parse("1 1.0 munmap(0x1000, 4096) = 0\n1 1.1 munm").cutLine).toBe(2);
    expect(
      parse("1 1.0 munmap(0x1000, 4096) = 0 <0.1>\n1 1.1 mmap(0, 1, 1, 1, -1, 0) = 0x7f").cutLine,
    ).toBe(2);
    expect(parse("1 1.0 munmap(0x1000, 4096) = 0\n1 1.1 exit_group(0) = ?").cutLine).toBe(0);
    expect(() => parse("1 1.0 munm\n1 1.1 exit_group(0) = ?\n")).toThrow(LineError);
  });

  test("names file, line and what is accepted when a line is malformed", () => {
    expect(() => parse("1 1.0 munmap(0x1000, 4096) = 0\n\nnonsense\x1b[2J\n")).toThrow(
      'a.strace:3: "nonsense?[2J" is no line of strace; expected [TID] SEC.FRACTION call(args) = result',
    );
    expect(() => parse("1 1.0 munmap(0x1000, 4096) = what\n")).toThrow(
      "a.strace:1: the result of munmap cannot be read; expected ) = and a number, or ) = ?",
    );
    expect(() => parse("\n")).toThrow("a.strace: no lines; expected [TID]");
  });

  test("names the argument that is malformed", () => {
    const [call] = calls("1 1.0 munmap(banana, 4096) = 0\n");
    expect(() => call?.address(0)).toThrow(
      'a.strace:1: argument 1 of munmap is "banana"; a number is expected',
    );
    expect(() => call?.number(2)).toThrow("argument 3 of munmap is missing; a number is expected");
  });
});
