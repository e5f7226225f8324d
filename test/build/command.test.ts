import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const command = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));

function rmaplab(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the rmaplab command", () => {
  test("tells its version", () => {
    const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    expect(rmaplab("--version")).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  test.each([
    "rmaplab",
    "rmaplab run",
    "rmaplab diff",
    "rmaplab lab",
    "rmaplab replay",
    "rmaplab bench",
  ])("%s has help", (line) => {
    const { status, stdout, stderr } = rmaplab(...line.split(" ").slice(1), "--help");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain(`Usage: ${line} `);
  });

  test("without a subcommand it shows its help and exits 2", () => {
    const { status, stdout, stderr } = rmaplab();
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("Usage: rmaplab ");
  });

  test.each([
    ["an unknown subcommand", ["rnu"], /^rmaplab: unknown command 'rnu' .*run.*\n$/],
    ["an unknown option", ["--loud"], /^rmaplab: unknown option '--loud'\n$/],
    [
      "an unknown option of a subcommand",
      ["bench", "--loud"],
      /^rmaplab: unknown option '--loud'\n$/,
    ],
    ["a missing argument", ["run"], /^rmaplab: missing required argument 'script'\n$/],
    ["a missing file", ["run", "no-such-script"], /^rmaplab: [^\n]*no-such-script[^\n]*\n$/],
  ])("answers %s with one line and exit status 2", (_, args, message) => {
    const { status, stdout, stderr } = rmaplab(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });

  test("ends quietly when its reader has gone", async () => {
    const child = spawn(process.execPath, [command, "--help"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const status = await new Promise((resolve) => child.once("close", resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
