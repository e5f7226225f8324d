import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BenchDocument } from "../../bench/document.js";
import { benchCommand } from "../../bindings/cli/bench.js";
import { InputError } from "../../bindings/cli/failure.js";

const command = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
/** Two small sizes, measured for moments. */
const SMALL = ["--quick", "--sizes", "2,4", "--seed", "9"];

const OPERATIONS = ["stab", "page-referenced", "try-to-unmap", "rmap-walk", "split"];
const ROW_KEYS = [
  ...["suite", "operation", "index", "vmas", "ns"],
  ...["nodesVisited", "nodesTouched", "irrelevantVmas", "bytesPerVma"],
];

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rmaplab-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function bench(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "bench", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("rmaplab bench", { timeout: 60_000 }, () => {
  test("--json alone prints one JSON document and nothing else on standard output", () => {
    const { status, stdout, stderr } = bench(...SMALL, "--json");
    expect(status).toBe(0);
    const document = JSON.parse(stdout) as BenchDocument;
    expect(Object.keys(document)).toEqual(["machine", "run", "rows", "crossover"]);
    expect(document.run).toEqual({
      command: "rmaplab bench --quick --sizes 2,4 --seed 9 --json",
      seed: 9,
      quick: true,
      complete: true,
    });
    expect(document.rows).toHaveLength(2 * 2 * 5);
    for (const row of document.rows) {
      expect(Object.keys(row)).toEqual(ROW_KEYS);
      expect(Object.keys(row.ns)).toEqual(["median", "min", "max", "samples"]);
      expect(row.suite).toBe("split");
      expect(OPERATIONS).toContain(row.operation);
      for (const count of [row.nodesVisited, row.nodesTouched, row.irrelevantVmas]) {
        expect(count).toBeGreaterThanOrEqual(0);
      }
      expect(row.ns.median).toBeGreaterThan(0);
      expect(row.ns.min).toBeLessThanOrEqual(row.ns.median);
      expect(row.ns.max).toBeGreaterThanOrEqual(row.ns.median);
    }
    expect(document.crossover).toHaveLength(5);
    expect(stderr).toContain("now split, 2 VMAs, list");
  });

  test("writes the files that it is asked for, prints the table and where the files are", () => {
    const json = join(folder, "numbers.json");
    const html = join(folder, "report.html");
    const { status, stdout } = bench(...SMALL, "--index", "list", "--json", json, "--html", html);
    expect(status).toBe(0);
    expect(stdout).toContain("split: page-referenced (time per walk)");
    expect(stdout).toContain(`Numbers: ${json}\n`);
    expect(stdout).toContain(`Report: ${html}\n`);
    const { rows } = JSON.parse(readFileSync(json, "utf8")) as BenchDocument;
    expect(new Set(rows.map((row) => row.index))).toEqual(new Set(["list"]));
    expect(readFileSync(html, "utf8")).toMatch(/^<!doctype html>[^]*<\/html>\s*$/);
  });

  test("measures a file's indexes that it is asked for, and skips one that files have not", () => {
    const args = ["--suite", "file", "--index", "list,interval-tree,prio-tree-3.4"];
    const { status, stdout } = bench(...SMALL, ...args, "--json");
    expect(status).toBe(0);
    const { rows, crossover } = JSON.parse(stdout) as BenchDocument;
    expect([...new Set(rows.map((row) => row.index))]).toEqual(["prio-tree-3.4", "interval-tree"]);
    expect(rows).toHaveLength(2 * 2 * 4);
    expect(crossover).toEqual([]);
  });

  test.each([
    [
      "an unknown suite",
      ["--suite", "splt"],
      '--suite: unknown "splt"; accepted: split, fork, file, all',
    ],
    [
      "a size that is no number",
      ["--sizes", "1,x"],
      '--sizes: "1,x"; accepted: whole numbers from 1 to 1,048,576, as in 1,8,64',
    ],
    [
      "size 0",
      ["--sizes", "0"],
      '--sizes: "0"; accepted: whole numbers from 1 to 1,048,576, as in 1,8,64',
    ],
    [
      "a size with a fraction",
      ["--sizes", "1.5"],
      '--sizes: "1.5"; accepted: whole numbers from 1 to 1,048,576, as in 1,8,64',
    ],
    [
      "a size too large",
      ["--sizes", "1048577"],
      '--sizes: "1048577"; accepted: whole numbers from 1 to 1,048,576, as in 1,8,64',
    ],
    [
      "a size too large for the suite",
      ["--suite", "fork", "--sizes", "20000"],
      "--sizes: suite fork takes at most 16,384 VMAs, not 20,000",
    ],
    [
      "an unknown index",
      ["--index", "list,tree"],
      '--index: unknown "tree"; accepted: list, prio-tree, prio-tree-3.4, interval-tree',
    ],
    [
      "an index that the suite has not",
      ["--suite", "file", "--index", "list"],
      "--index: suite file has only prio-tree, prio-tree-3.4, interval-tree",
    ],
    [
      "a file's index in a suite of anonymous memory",
      ["--suite", "fork", "--index", "prio-tree"],
      "--index: suite fork has only list, interval-tree",
    ],
    [
      "a seed that is no number",
      ["--seed", "abc"],
      '--seed: "abc"; accepted: a whole number from 0 to 4294967295',
    ],
    [
      "a file in no folder",
      ["--html", "no/such/folder/a.html"],
      "--html: cannot write no/such/folder/a.html: there is no folder no/such/folder",
    ],
    [
      "a folder in place of a file",
      ["--json", "."],
      "--json: . is a folder; accepted: a file to write",
    ],
  ])("refuses %s", async (_, args, message) => {
    const parsed = benchCommand().parseAsync(args, { from: "user" });
    await expect(parsed).rejects.toThrow(new InputError(message));
  });

  test.each([
    [["--sizes", "0"], "--sizes: "],
    [["out.json"], "too many arguments"],
  ])("%s ends with one line and exit status 2", (args, message) => {
    const { status, stdout, stderr } = bench(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^rmaplab: ${message}[^\\n]*\\n$`));
  });
});
