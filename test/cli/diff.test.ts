// `rmaplab diff` and `rmaplab lab`, as people call them.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { labs } from "../../bindings/labs/index.js";

const COMMAND = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
const SPLIT = "spawn A\nmmap A 0 6 rw anon private\nwrite A 0 7\nmprotect A 2 2 r\n";

function rmaplab(args: readonly string[], input = "") {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    input,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { status, out: stdout, err: stderr };
}

const LOCKED =
  "file F 1 disk\nspawn A\nmmap A 0 1 rw file:F:0 private\nmlock A 0 1\ntruncate F 0\n";

describe("rmaplab diff", () => {
  test("kernels that differ in cost alone are the same, and what it cost is told", () => {
    const { status, out, err } = rmaplab(["diff", "-", "--a", "v3.6", "--b", "v3.7"], SPLIT);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("line 4: mprotect A 2 2 r\n  cost        key comparisons 0 → ");
    expect(out).toMatch(/│ key comparisons +│ 0 +│ \d+ +│/);
    expect(out).toContain(
      "v3.6 and v3.7 have the same results and the same state in all of 4 operations.\n" +
        "Cost differs in 1, first at line 4 (mprotect A 2 2 r).\n",
    );
  });

  test("a script from standard input is called so", () => {
    const { out } = rmaplab(["diff", "-", "--a", "v3.6"], SPLIT);
    expect(out).toMatch(/^── standard input on two kernels ─+\n/);
  });

  test("what reads from a pipe gets 80 columns without colours", () => {
    const { out } = rmaplab(["diff", "-", "--a", "v3.0"], LOCKED);
    const lines = out.split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBe(80);
    expect(out).not.toContain("\x1b");
  });

  test("kernels that leave another state end with status 1, and their switches are told", () => {
    const { status, out } = rmaplab(["diff", "-", "--set-a", "clearMlock=on-truncate"], LOCKED);
    expect(status).toBe(1);
    expect(out).toContain("a (v3.7 with clearMlock=on-truncate) and b (v3.7) differ in 1 switch:");
    expect(out).toMatch(/│ clearMlock +│ on-truncate +│ on-last-unmap +│/);
    expect(out).toContain("a and b part at line 5 (truncate F 0), in state.");
  });

  test("--json has steps, sums and both kernels", () => {
    const { status, out } = rmaplab(["diff", "-", "--json", "--set-a", "anonIndex=list"], SPLIT);
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      ...{ script: "-", same: true, operations: 4, everyStepSeen: true, end: [] },
      unseenFrom: null,
      switches: [
        { what: "mremapOrder", a: "always-lock", b: "lock-if-needed" },
        { what: "anonIndex", a: "list", b: "interval-tree" },
        { what: "vmaAddress", a: "checked", b: "asserted" },
      ],
      a: { kernel: "v3.7 anonIndex=list", assertion: null, cost: { comparisons: 0 } },
      b: { kernel: "v3.7", assertion: null },
      steps: [{ line: 4, operation: "mprotect A 2 2 r", a: { outcome: 0 }, result: null }],
    });
  });

  test.each([
    ["the same kernel twice", ["-"], /^rmaplab: diff: both kernels are v3\.7; accepted: .*\n$/],
    [
      "kernels whose switches are the same by other names",
      ["-", "--a", "v3.5", "--b", "v3.6"],
      /^rmaplab: diff: v3\.5 and v3\.6 have the same switches; accepted: .*\n$/,
    ],
    [
      "a switch set to what it is",
      ["-", "--set-b", "anonIndex=interval-tree"],
      /^rmaplab: diff: v3\.7 and v3\.7 anonIndex=interval-tree have the same switches; .*\n$/,
    ],
    ["an unknown release", ["-", "--a", "v2.6"], /^rmaplab: --a: unknown "v2\.6"; accepted: .*\n$/],
    [
      "an impossible pair",
      ["-", "--set-b", "anonIndex=list", "--set-b", "vmaAddress=asserted"],
      /^rmaplab: --set-b: vmaAddress "asserted" is impossible with anonIndex "list"\n$/,
    ],
  ])("answers %s with one line and exit status 2", (_, args, message) => {
    const { status, out, err } = rmaplab(["diff", ...args], SPLIT);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(message);
  });
});

describe("rmaplab lab", () => {
  test("lists the labs", () => {
    const { status, out } = rmaplab(["lab", "--json"]);
    expect(status).toBe(0);
    const { labs: listed } = JSON.parse(out) as { labs: { name: string }[] };
    expect(listed.map(({ name }) => name)).toEqual(labs.map(({ name }) => name));
    const { out: text } = rmaplab(["lab"]);
    for (const { name } of labs) expect(text).toContain(name);
  });

  test("an unknown name is answered with those that there are", () => {
    const { status, out, err } = rmaplab(["lab", "no-such-lab"]);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(/^rmaplab: lab: unknown "no-such-lab"; accepted: /);
  });

  test("an interrupt ends --all between two of its machines", async () => {
    const child = spawn(process.execPath, [COMMAND, "lab", "--all"]);
    await once(child.stdout, "data");
    child.kill("SIGINT");
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    expect((await once(child, "exit"))[0]).toBe(130);
    expect(out).not.toContain(labs.at(-1)?.name);
  });

  test.each(labs.slice(0, 1))("--json of $name has both sides", ({ name, commit, kind }) => {
    const { status, out } = rmaplab(["lab", name, "--json"]);
    expect(status).toBe(0);
    const document = JSON.parse(out) as { labs: unknown[] };
    expect(document.labs).toMatchObject([{ name, commit, kind, pass: true }]);
  });
});
