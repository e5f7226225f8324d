// A copy of the repository in which the core may be broken: its own Wasm, the same tests.

import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as asc from "assemblyscript/asc";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** What tests read. */
const copied = ["bindings", "bench", "docs", "test", "assembly", "package.json", "README.md"];
/** A test run that takes longer hangs: the break made something endless. */
const PATIENCE_MS = 120_000;

const config = `export default {
  test: { include: ["test/**/*.test.ts"], environment: "node", testTimeout: 30000, bail: 1 },
};
`;

/** @param {string} name of the folder, one for each that works at the same time */
export function makeSandbox(name) {
  const folder = join(fs.mkdtempSync(join(tmpdir(), "rmaplab-mutants-")), name);
  fs.mkdirSync(join(folder, "build"), { recursive: true });
  for (const path of copied) {
    fs.cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  fs.symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  fs.writeFileSync(join(folder, "vitest.config.mjs"), config);
  return folder;
}

/**
 * Compiles the core into the sandbox, one of its sources replaced by another text. Nothing is optimized,
 * since the tests are short.
 *
 * @param {string[]} builds which; the others stay as they are
 * @returns what the compiler had against it, "" if nothing
 */
export async function compileCore(folder, builds, file, text) {
  for (const target of builds) {
    const complaints = [];
    const { error } = await asc.main(
      [
        ...["--target", target, "--optimizeLevel", target === "explore" ? "1" : "0"],
        ...["--outFile", `${target}.wasm`, "--textFile", "", "--bindings", ""],
      ],
      {
        readFile: (name) => {
          const path = join(repository, name);
          if (path === join(repository, file)) return text;
          return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : null;
        },
        writeFile: (name, content) => {
          if (name.endsWith(".wasm")) fs.writeFileSync(join(folder, "build", name), content);
        },
        listFiles: () => null,
        stdout: { write: () => undefined },
        stderr: { write: (line) => complaints.push(line) },
      },
    );
    if (error) return complaints.join("") || error.message;
  }
  return "";
}

/** Keeps the builds as they are now, for restoreBuilds(). */
export function keepBuilds(folder) {
  fs.cpSync(join(folder, "build"), join(folder, "kept"), { recursive: true });
}

/** Brings kept builds back. */
export function restoreBuilds(folder) {
  fs.cpSync(join(folder, "kept"), join(folder, "build"), { recursive: true });
}

/** What firstFailure() says of tests that were still running when patience was over. */
export const ENDLESS = "(does not end)";

/**
 * Runs test files until the first test fails.
 *
 * @param {string[]} files paths, or parts of them, that say which tests
 * @param {AbortSignal} signal ends the run
 * @param {number} patience milliseconds that the tests may take
 * @returns the test that failed, "" if none did
 */
export async function firstFailure(folder, files, signal, patience = PATIENCE_MS) {
  const report = join(folder, "report.json");
  fs.rmSync(report, { force: true });
  const vitest = join(repository, "node_modules/vitest/vitest.mjs");
  const child = spawn(
    process.execPath,
    [vitest, "run", "--root", folder, "--reporter=json", `--outputFile=${report}`, ...files],
    { cwd: folder, stdio: "ignore", signal, timeout: patience, killSignal: "SIGKILL" },
  );
  const ended = await new Promise((resolve) => {
    child.once("error", () => resolve("error"));
    child.once("exit", (code, by) => resolve(by ?? code));
  });
  signal.throwIfAborted();
  if (ended === 0) return "";
  if (ended === "SIGKILL") return ENDLESS;
  if (!fs.existsSync(report)) return "(the test run breaks off)";
  const { testResults } = JSON.parse(fs.readFileSync(report, "utf8"));
  for (const { name, status, message, assertionResults } of testResults) {
    if (status !== "failed") continue;
    const failed = assertionResults.find((result) => result.status === "failed");
    const short = name.slice(folder.length + 1).replace(/^test\//, "");
    return `${short}: ${failed?.fullName ?? message.split("\n")[0]}`;
  }
  throw new Error(`vitest ended with ${ended}, and no test failed`);
}
