// `rmaplab run --trace-walk`, as people call it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DumpDocument } from "../../bindings/scenario/dump.js";

const COMMAND = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
const SCRIPT = "spawn A\nmmap A 3 2 rw anon private\nwrite A 3 7\nreferenced A 3\nread A 3\n";
let folder = "";

function rmaplab(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, "run", ...args], {
    encoding: "utf8",
    cwd: folder,
    timeout: 30_000,
  });
  return { status, out: stdout, err: stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rmaplab-walk-"));
  writeFileSync(join(folder, "s.script"), SCRIPT);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("the walk stands after everything else, and the checked build is taken by itself", () => {
  const { status, out, err } = rmaplab("s.script", "--trace-walk");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const [view, walks] = out.split("── walks of line 4: referenced A 3 ");
  expect(view).toContain("── dump final");
  expect(walks).toContain("page_referenced of the anonymous page at offset 3, 1 mapping");
  expect(out).not.toContain("\x1b");
});

test("the script may stand right after the option", () => {
  const after = rmaplab("s.script", "--trace-walk");
  expect(rmaplab("--trace-walk", "s.script")).toEqual(after);
  expect(rmaplab("--trace-walk", "line:4", "s.script")).toEqual(after);
});

test("both indexes show the walk of a page at the end", () => {
  for (const index of ["list", "interval-tree"]) {
    const { out } = rmaplab("s.script", "--trace-walk", "A:3", "--set", `anonIndex=${index}`);
    expect(out).toContain("── walks of A 3 at the end ─");
    expect(out).toContain("a place of the page");
  }
});

test("with --json walks are a member of the document", () => {
  const { out } = rmaplab("s.script", "--trace-walk", "--json");
  const { walks } = JSON.parse(out) as DumpDocument;
  expect(walks).toHaveLength(1);
  expect(walks![0]).toMatchObject({
    line: 4,
    walk: "page_referenced",
    page: { kind: "anon", file: null, offset: 3, mapcount: 1 },
    result: 1,
    nodesVisited: 1,
    entriesChecked: 1,
    locks: { "anon_vma mutex": { taken: 1, steps: 5, longest: 5 } },
  });
  expect(walks![0]!.steps).toContainEqual({ node: "A", pages: [3, 5], offsets: [3, 4] });
  expect(JSON.parse(rmaplab("s.script", "--json").out)).not.toHaveProperty("walks");
});

test("--explain is told of no walk, and the walk of nothing else", () => {
  const explained = rmaplab("s.script", "--explain").out.split("── dump")[0];
  expect(rmaplab("s.script", "--explain", "--trace-walk").out.split("── dump")[0]).toBe(explained);
});

test.each([
  ["line:6", "line 6 of s.script has no operation"],
  ["line:99", "line 99 of s.script has no operation"],
  ["B:3", 's.script makes no process "B"'],
  ["A:4", "page 4 of process A: no page is there"],
  ["A:262144", "pages go from 0 to 262143"],
  ["walks", "which walks that means is not known"],
])("--trace-walk %s is refused in one line", (which, why) => {
  const { status, out, err } = rmaplab("s.script", "--trace-walk", which);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toContain(`rmaplab: --trace-walk: "${which}": ${why}; accepted: line:N`);
  expect(err.match(/\n/g)).toHaveLength(1);
});

test("the build that traces nothing is refused, and so is no script", () => {
  const { status, err } = rmaplab("s.script", "--trace-walk", "--build", "release");
  expect(status).toBe(2);
  expect(err).toMatch(/^rmaplab: --build: release traces no walks; accepted [^\n]*checked\n$/);
  expect(rmaplab("--trace-walk", "line:4")).toEqual({
    status: 2,
    out: "",
    err: "rmaplab: missing required argument 'script'\n",
  });
});
