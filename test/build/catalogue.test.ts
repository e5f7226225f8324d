// docs/catalogue.md is held by a script, and the script notices what it is for.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const READ = [
  "scripts/check-catalogue.mjs",
  "docs/catalogue.md",
  "assembly",
  "test/api",
  "test/explore",
  "test/rmap",
  "test/fixtures/rmap-functions.txt",
];
let copy = "";

beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), "rmaplab-catalogue-"));
  for (const path of READ) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
});

afterEach(() => {
  rmSync(copy, { recursive: true });
});

/** What the script says once a text of the page, or of another file, was replaced. */
function said(from: string | RegExp, to: string, file = "docs/catalogue.md"): string {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const changed = text.replace(from, to);
  expect(changed === text).toBe(from === to);
  writeFileSync(path, changed);
  const script = join(copy, "scripts/check-catalogue.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  expect(status).toBe(stderr === "" ? 0 : 1);
  return stderr;
}

test("as it is, it has every function of mm/rmap.c", () => {
  expect(said("", "")).toBe("");
});

test.each([
  [
    "a row that is missing",
    /^\| anon_vma_fork .*\n/m,
    "",
    'lacks "Objects and lifetime: anon_vma_fork"',
  ],
  ["a row that is there twice", /^\| anon_vma_fork .*\n/m, "$&$&", "has a row twice"],
  [
    "a function that is not in its file",
    "`anonVmaFork`",
    "`anonVmaFor`",
    "anon-vma.ts defines no anonVmaFor",
  ],
  ["a row without a function", "`anonVmaFork` in", "none in", "names no function"],
  ["a test that is not there", "else one of its own", "else one", 'has no test "else one beside'],
] as const)("it notices %s", (_, from, to, words) => {
  expect(said(from, to)).toContain(words);
});

test("it notices a test that has another title by now", () => {
  const words = said(
    '"gives the copy the whole chain',
    '"gives all of the chain',
    "test/rmap/objects-and-lifetime.test.ts",
  );
  expect(words).toContain('has no test "gives the copy the whole chain');
});
