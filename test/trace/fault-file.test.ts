import { describe, expect, test } from "vitest";
import { Clock } from "../../bindings/trace/clock.js";
import { FaultAccess, parseFaults } from "../../bindings/trace/fault-file.js";

function parse(text: string) {
  return parseFaults({ name: "a.faults", text }, new Clock());
}

describe("a capture of page faults", () => {
  test("gives thread, time, page and access of each", () => {
    const faults = parse(
      "7 5.000000001 fault(0x7f0000001000, w, miss, user)\n" +
        "7 5.000000002 fault(0x400abc, x, prot, kernel)\n",
    );
    expect(faults.count).toBe(2);
    expect([...faults.tids]).toEqual([7, 7]);
    expect([...faults.times]).toEqual([1, 2]);
    expect([...faults.pages]).toEqual([0x7f0000001000, 0x400000]);
    expect([...faults.access]).toEqual([FaultAccess.Write, FaultAccess.Execute]);
  });

  test("is put in order of time", () => {
    const faults = parse(
      "7 5.2 fault(0x2000, r, miss, user)\n7 5.1 fault(0x1000, r, miss, user)\n",
    );
    expect([...faults.pages]).toEqual([0x1000, 0x2000]);
    expect([...faults.lines]).toEqual([2, 1]);
  });

  test("names the line that is malformed", () => {
    expect(() => parse("7 5.2 fault(0x2000, r, miss, user)\n7 5.3 fault(2000, r, miss)\n")).toThrow(
      'a.faults:2: "7 5.3 fault(2000, r, miss)" is no page fault; expected [TID] SEC.FRACTION fault(',
    );
  });

  test("may end in the middle of its last line", () => {
    expect(parse("7 5.2 fault(0x2000, r, miss, user)\n7 5.3 fault(0x20").count).toBe(1);
  });
});
