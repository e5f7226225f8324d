import { expect, test } from "vitest";
import { Timeline } from "../../bindings/trace/timeline.js";
import { parseSnippet } from "./snippet.js";

/** What a walk over a capture meets, in order: calls by name, faults by page, snapshots by pid. */
function walk(strace: string, faults: string, maps: string): string[] {
  const capture = parseSnippet({ strace, faults, maps });
  const timeline = new Timeline(capture.strace.events, capture.faults, capture.snapshots);
  const met: string[] = [];
  const visitor = {
    event: (event: { kind: string; name?: string }) => met.push(event.name ?? event.kind),
    fault: (index: number) => met.push((capture.faults.pages[index] ?? 0).toString(16)),
    snapshot: ({ pid }: { pid: number }) => met.push(`exit of ${pid}`),
  };
  const times: number[] = [timeline.time];
  while (timeline.step(visitor)) times.push(timeline.time);
  expect(met).toHaveLength(timeline.length);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times.at(-1)).toBe(Infinity);
  return met;
}

const snapshot = (pid: number, ts: string, kind = "exit") => `
  ## ${kind} pid=${pid} ts=${ts} exe=/bin/p
  00400000-00401000 r-xp 00000000 fe:00 7 /bin/p
  `;

test("at equal times faults come first, then calls, then snapshots; each in the order of its file", () => {
  expect(
    walk(
      `10 1.5 close(1) = 0
       10 1.5 dup(2) = 1
       `,
      `10 1.5 fault(0x2000, r, miss, user)
       10 1.5 fault(0x1000, r, miss, user)
       `,
      `${snapshot(12, "1.5")}${snapshot(11, "1.5")}`,
    ),
  ).toEqual(["2000", "1000", "close", "dup", "exit of 12", "exit of 11"]);
});

test("a nanosecond puts each of them last", () => {
  const call = (ts: string) => `10 ${ts} close(1) = 0\n`;
  const fault = (ts: string) => `10 ${ts} fault(0x1000, r, miss, user)\n`;
  const [now, later] = ["1.500000000", "1.500000001"];
  expect(walk(call(now), fault(later), snapshot(11, now))).toEqual(["close", "exit of 11", "1000"]);
  expect(walk(call(later), fault(now), snapshot(11, now))).toEqual(["1000", "exit of 11", "close"]);
  expect(walk(call(now), fault(now), snapshot(11, later))).toEqual(["1000", "close", "exit of 11"]);
});

test("snapshots come by time wherever they stand, those of an exec never", () => {
  const maps = [snapshot(13, "1.9"), snapshot(12, "1.2", "exec"), snapshot(11, "1.1")].join("");
  expect(walk("10 1.5 close(1) = 0\n", "", maps)).toEqual(["exit of 11", "close", "exit of 13"]);
});
