import { describe, expect, test } from "vitest";
import { splitArguments } from "../../bindings/trace/strace-arguments.js";
import { CLONE, MAP } from "../../bindings/trace/strace-flags.js";
import {
  hasFlag,
  parseDescriptor,
  parseFields,
  parseFlags,
  parseNumber,
  parseString,
} from "../../bindings/trace/strace-value.js";

describe("arguments", () => {
  test("are split at the commas of their own level only", () => {
    expect(splitArguments('"a, b", {x=1, y=[2, 3]}, 4</a, b>, 0x5 /* 6, 7 */')).toEqual([
      '"a, b"',
      "{x=1, y=[2, 3]}",
      "4</a, b>",
      "0x5",
    ]);
    expect(splitArguments("")).toEqual([]);
    expect(splitArguments("a, ")).toEqual(["a", ""]);
  });

  test("keep what looks like a comment inside a string or a path", () => {
    expect(splitArguments('"/*", 3</a/*b*/c>')).toEqual(['"/*"', "3</a/*b*/c>"]);
  });
});

describe("values", () => {
  test.each([
    ["NULL", 0],
    ["0", 0],
    ["-1", -1],
    ["4096", 4096],
    ["0x7f42e2f0d000", 0x7f42e2f0d000],
    ["0600", 0o600],
    ["MAP_FIXED", null],
    ["1e3", null],
    ["", null],
    ["0x", null],
  ])("number %s is %s", (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  test("flags are names, numbers and shifts", () => {
    const flags = parseFlags("MAP_PRIVATE|0x10|MAP_HUGETLB|30<<MAP_HUGE_SHIFT|MAP_NEW", MAP);
    expect(flags?.unknown).toEqual(["MAP_NEW"]);
    expect(flags && hasFlag(flags, MAP.MAP_PRIVATE)).toBe(true);
    expect(flags && hasFlag(flags, MAP.MAP_FIXED)).toBe(true);
    expect(flags && hasFlag(flags, MAP.MAP_HUGE_1GB)).toBe(true);
    expect(flags && hasFlag(flags, MAP.MAP_SHARED)).toBe(false);
    expect(parseFlags("toString|__proto__", CLONE)?.unknown).toEqual(["toString", "__proto__"]);
  });

  test.each([
    ["3", { number: 3, path: null }],
    ["-1", { number: -1, path: null }],
    ["3</usr/lib/libc.so.6>", { number: 3, path: "/usr/lib/libc.so.6" }],
    ["3</memfd:x>(deleted)", { number: 3, path: "/memfd:x" }],
    ["3</tmp/\\303\\251 \\74>", { number: 3, path: "/tmp/\xc3\xa9 <" }],
    ["AT_FDCWD</srv>", { number: -100, path: "/srv" }],
    ["7<UNIX-STREAM:[1->2]>", { number: 7, path: "UNIX-STREAM:[1->2]" }],
    ["3</open", null],
    ["stdin", null],
  ])("descriptor %s", (text, value) => {
    expect(parseDescriptor(text)).toEqual(value);
  });

  test("strings lose their escapes", () => {
    expect(parseString('"a\\n\\"b\\"\\x41\\102\\\\"')).toBe('a\n"b"AB\\');
    expect(parseString('"cut"...')).toBeNull();
    expect(parseString("NULL")).toBeNull();
  });

  test("structures have fields", () => {
    expect([...parseFields(["flags=CLONE_VM|CLONE_FS", "tid=[1]", "..."])]).toEqual([
      ["flags", "CLONE_VM|CLONE_FS"],
      ["tid", "[1]"],
    ]);
  });
});
