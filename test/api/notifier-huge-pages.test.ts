// Where those who keep a table of their own are told of changes to huge entries, on both kinds of machines: in v3.7 each
// is a range of the whole huge page, begun before the entry changes and ended after it (spec/commits.md section 2).

import { describe, expect, test } from "vitest";
import type { Process } from "../../bindings/index.js";
import { at, expectHealthy, PAGE, pageAt } from "./ground.js";
import { HUGE, hugeBytes, hugeMachine, layHuge, splitAt } from "./huge.js";
import { NotifierLog } from "./notifier-log.js";

/** What the process has at a page when a range starts and when it ends: "huge 512", "small 7", or "nothing". */
function around(process: Process, page: number): string[] {
  const seen: string[] = [];
  const look = (): void => {
    const found = process.pageAt(at(page));
    const kind = found?.hugePage ? "huge" : "small";
    seen.push(found ? `${kind} ${found.frame}` : "nothing");
  };
  process.registerNotifier({ invalidateRangeStart: look, invalidateRangeEnd: look });
  return seen;
}

describe.each(["x86-64", "s390x"] as const)("huge pages of an %s", (arch) => {
  test("a copy of one is a range around the change, for whoever writes", async () => {
    const { kernel, process } = await hugeMachine({ arch });
    layHuge(process, 0, 1, [0]);
    const { frame } = pageAt(process, 5);
    const child = process.fork();
    const logs = [new NotifierLog(process, "parent "), new NotifierLog(child, "child ")];
    const seen = around(child, 5);
    child.write(at(5), 2);
    expect(logs.flatMap((log) => log.take())).toEqual(["child start 0-512", "child end 0-512"]);
    expect(seen).toEqual([`huge ${frame}`, `huge ${pageAt(child, 5).frame}`]);
    expect(seen[1]).not.toBe(seen[0]);
    // Nobody else has the old one: it is used as it is.
    process.write(at(5), 3);
    expect(logs.flatMap((log) => log.take())).toEqual([]);
    expectHealthy(kernel);
  });

  test("small copies of one are told of as one range", async () => {
    const { kernel, process } = await hugeMachine({ frames: 2 * HUGE + 100, arch });
    layHuge(process, 0, 1, [0]);
    const { frame } = pageAt(process, 3);
    const child = process.fork();
    const log = new NotifierLog(child);
    const seen = around(child, 3);
    child.write(at(3), 2);
    expect(log.take()).toEqual(["start 0-512", "end 0-512"]);
    expect(seen).toEqual([`huge ${frame}`, `small ${pageAt(child, 3).frame}`]);
    expectHealthy(kernel);
  });

  test("a split is a range in each process that maps it, though it stays where it is", async () => {
    const { kernel, process } = await hugeMachine({ arch });
    layHuge(process, 0, 1, [0]);
    const child = process.fork();
    const logs = [new NotifierLog(process, "parent "), new NotifierLog(child, "child ")];
    expect(splitAt(kernel, process, 7)).toBe(true);
    const range = (who: string): string[] => [`${who} start 0-512`, `${who} end 0-512`];
    expect(logs.map((log) => log.take())).toEqual([range("parent"), range("child")]);
    expectHealthy(kernel);
  });

  test("unmapping a part of one splits it inside its own range", async () => {
    const { kernel, process } = await hugeMachine({ arch });
    layHuge(process, 0, 1, [0]);
    const log = new NotifierLog(process);
    process.madvise(at(5), PAGE, "dontneed");
    expect(log.take()).toEqual(["start 5-6", "start 0-512", "end 0-512", "end 5-6"]);
    expectHealthy(kernel);
  });

  test("a collapse is a range around the time in which the small pages go", async () => {
    const { kernel, process } = await hugeMachine({ arch, transparentHugepage: "madvise" });
    layHuge(process, 0, 1, [1, 4]);
    process.madvise(at(0), hugeBytes(1), "hugepage");
    const { frame } = pageAt(process, 4);
    const log = new NotifierLog(process);
    // Entries of an s390x are never young, but somebody must have touched a page.
    log.used.add(4);
    const seen = around(process, 4);
    expect(process.collapse(at(0))).toBe("collapsed");
    expect(log.take().filter((line) => !line.startsWith("young"))).toEqual([
      "start 0-512",
      "end 0-512",
    ]);
    expect(seen).toEqual([`small ${frame}`, "nothing"]);
    expectHealthy(kernel);
  });

  test("a collapse counts what a client's device has used as touched", async () => {
    const { kernel, process } = await hugeMachine({ arch, transparentHugepage: "madvise" });
    layHuge(process, 0, 1, [1, 4]);
    process.madvise(at(0), hugeBytes(1), "hugepage");
    for (const page of [1, 4]) kernel.pageReferenced(pageAt(process, page));
    const log = new NotifierLog(process);
    expect(process.collapse(at(0))).toBe("idle");
    log.used.add(4);
    expect(process.collapse(at(0))).toBe("collapsed");
    expectHealthy(kernel);
  });
});
