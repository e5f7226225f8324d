// Walks as `rmaplab run --trace-walk` prints them.

import { expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { KernelOptions } from "../../bindings/kernel/options.js";
import { renderWalks } from "../../bindings/report/walk-view.js";
import { Explainer } from "../../bindings/scenario/explanation.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { type WalkChoice, WalkLog } from "../../bindings/scenario/walk-log.js";

/** The view of a script's walks, by lines. */
async function view(
  source: readonly string[],
  choice: WalkChoice = "last",
  {
    most,
    color = false,
    wrap = false,
    ...machine
  }: KernelOptions & { most?: number; color?: boolean; wrap?: boolean } = {},
): Promise<string[]> {
  const kernel = await createKernel({ build: "checked", frames: 256, ...machine });
  const script = parseScript(source.join("\n"), "s");
  const runner = new ScriptRunner(kernel, script, { kernel: "k", case: "s" });
  const log = new WalkLog(kernel, runner, choice);
  const explainer = new Explainer(kernel, runner, {
    walks: log,
    ...(most === undefined ? {} : { most }),
  });
  while (explainer.step() !== null);
  log.finish(most ?? 4096);
  kernel.dispose();
  const { title, walks, complete } = log;
  const shown = { title, walks, kept: complete ? null : (most ?? 4096) };
  return renderWalks(shown, { columns: 60, color, wrap }).split("\n");
}

const TOUCHED = ["spawn A", "mmap A 10 2 rw anon private", "write A 10 1"];

test("a walk of nothing but one page reads from top to bottom", async () => {
  expect(await view([...TOUCHED, "referenced A 10"])).toEqual([
    "── walks of line 4: referenced A 10 ".padEnd(60, "─"),
    "",
    "page_referenced of the anonymous page at offset 10, 1 mapping",
    "  take anon_vma mutex: page_lock_anon_vma",
    "    node A 10-12, offsets 10-11: considered, the page would be at 10",
    "      take page-table lock: a walk looks at an entry",
    "        entry at 10: the page, young, dirty, writable; made old, counts",
    "      let go of page-table lock after 1 step",
    "  let go of anon_vma mutex after 5 steps",
    "  returns 1",
    "1 node visited, 1 touched; 1 VMA considered, 0 irrelevant; 1 entry checked; 8 steps",
    "anon_vma mutex taken once, held for 5 steps",
    "page-table lock taken once, held for 1 step",
    "",
  ]);
});

test("on a terminal what is too long goes on in the next line, further in", async () => {
  const source = [...TOUCHED, "referenced A 10"];
  const [lines, long] = [await view(source, "last", { wrap: true }), await view(source)];
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  expect(lines.join("\n")).toContain(
    [
      "        entry at 10: the page, young, dirty, writable;",
      "            made old, counts",
      "      let go of page-table lock after 1 step",
    ].join("\n"),
  );
  const words = (of: readonly string[]): string => of.join(" ").replace(/ +/g, " ");
  expect(words(lines)).toBe(words(long));
  const painted = await view(source, "last", { wrap: true, color: true });
  // eslint-disable-next-line no-control-regex
  expect(painted.map((line) => line.replace(/\x1b\[[\d;]*m/g, ""))).toEqual(lines);
});

test("of a line with several walks all are shown, in their order", async () => {
  const lines = await view([...TOUCHED, "migrate A 10 1"]);
  expect(lines.filter((line) => / of the anonymous page /.test(line))).toEqual([
    "try_to_unmap for migration of the anonymous page at offset 10, 1 mapping",
    "remove_migration_ptes of the anonymous page at offset 10, 0 mappings",
  ]);
  expect(lines.join("\n")).toMatch(
    /becomes a migration entry[^]*a migration entry; leads to the page again/,
  );
});

test("without a choice the last line that walks is shown, even if others follow", async () => {
  const [title] = await view([...TOUCHED, "referenced A 10", "read A 10", "referenced A 99"]);
  expect(title).toMatch(/^── walks of line 4: referenced A 10 ─/);
});

test("a line or a script that walks nowhere says so", async () => {
  for (const choice of [{ line: 3 }, "last"] as const) {
    const [title, , words] = await view(TOUCHED, choice);
    expect(title).toContain(choice === "last" ? "walks of the script" : "walks of line 3: write");
    expect(words).toBe("no walk of the reverse map");
  }
});

test("a page of the end is walked for, and names those who map it", async () => {
  const file = [
    "file F 4 disk",
    "spawn A",
    "mmap A 0 4 rw file:F:0 shared",
    "fork A B",
    "read B 3",
  ];
  const lines = await view(file, { process: "B", page: 3 });
  expect(lines[0]).toMatch(/^── walks of B 3 at the end ─/);
  expect(lines[2]).toBe("rmap_walk of page 3 of F, 1 mapping");
  const nodes = lines.filter((line) => line.includes("node "));
  expect(nodes.map((line) => line.trim().split(",")[0])).toEqual([
    "node A 0-4",
    "node B 0-4",
    "node A 0-4",
  ]);
  expect(lines).toContain("      entry at 3: no page table");
});

test("processes that the operation itself ends have names", async () => {
  const lines = await view([
    "spawn A",
    "mmap A 0 2 rw anon private",
    "mlock A 0 2",
    "fork A B",
    "exit A",
  ]);
  expect(lines[0]).toContain("exit A");
  expect(lines.filter((line) => line.includes("node ")).length).toBeGreaterThan(0);
  expect(lines.join("\n")).not.toContain("node ?");
});

test("a page that KSM shares is no page of an offset", async () => {
  const lines = await view([
    ...["spawn A", "mmap A 0 2 rw anon private", "write A 0 5", "write A 1 5"],
    ...["madvise A 0 2 mergeable", "ksm", "fork A B", "rmap A 0"],
  ]);
  expect(lines).toContain("rmap_walk of a page that KSM shares, 4 mappings");
  expect(lines.join("\n")).toContain("irrelevant, the other pass is for it");
});

test("a cluster of a nonlinear VMA is one head, with its entries below", async () => {
  const lines = await view([
    ...["file F 4 tmpfs", "spawn A", "mmap A 0 2 rw file:F:0 shared", "remap_file_pages A 0 1 3"],
    ...["read A 0", "referenced A 0", "swap-out A 0 1"],
  ]);
  expect(lines[2]).toBe("try_to_unmap of page 3 of F, 1 mapping");
  expect(lines).toContain("    nonlinear A 0-2: gone through");
  expect(lines).toContain("        entry at 1: nothing there");
});

test("what was not kept is told", async () => {
  const lines = await view([...TOUCHED, "referenced A 10"], "last", { most: 6 });
  expect(lines).toContain("  its end was not kept");
  expect(lines).toContain("Only the first 6 events were kept, there were more.");
});

test("colours are there only if they are wanted", async () => {
  const script = [...TOUCHED, "referenced A 10"];
  expect((await view(script)).join("\n")).not.toContain("\x1b");
  const coloured = (await view(script, "last", { color: true })).join("\n");
  expect(coloured).toContain("\x1b[1mpage_referenced\x1b[0m");
});
