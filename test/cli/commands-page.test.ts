// docs/commands.md shows sessions: they are run here.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

const command = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
const page = readFileSync(new URL("../../docs/commands.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "rmaplab-"));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A script of the page, and the session right after it. */
const sessions = [
  ...page.matchAll(/^```script\n(.*?)^```\n\n```console\n\$ rmaplab ([^\n]*)\n(.*?)^```$/gms),
].map(([, script = "", words = "", shown = ""]) => ({ script, words, shown }));

test("the page has a session", () => {
  expect(sessions.length).toBeGreaterThan(0);
});

test.each(sessions)("rmaplab $words", ({ script, words, shown }) => {
  writeFileSync(join(folder, "first.script"), script);
  const { stdout, stderr } = spawnSync(process.execPath, [command, ...words.split(" ")], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(stdout).toBe(shown);
});
