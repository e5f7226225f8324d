import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ReplayResult } from "../../bindings/trace/replay.js";

const command = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
const traces = fileURLToPath(new URL("../fixtures/traces/", import.meta.url));

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rmaplab-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function replay(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "replay", ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

function capture(name: string): string[] {
  const [trace, faults, maps] = ["strace", "faults", "maps"].map((kind) =>
    join(traces, `${name}.${kind}.gz`),
  );
  return [trace ?? "", "--faults", faults ?? "", "--maps", maps ?? ""];
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const EXEC = '7 1.0 execve("/bin/p", ["p"], 0x1 /* 0 vars */) = 0\n';
const MAPS = "## exec pid=7 ts=1.1 exe=/bin/p\n00400000-00401000 r-xp 00000000 fe:00 7 /bin/p\n";

describe("rmaplab replay", () => {
  test("- is a capture on standard input", () => {
    const { status, stdout } = spawnSync(process.execPath, [command, "replay", "-"], {
      encoding: "utf8",
      input: EXEC,
    });
    expect(stdout).toContain("standard input: 1 call and 0 faults replayed");
    expect(status).toBe(0);
  });

  test.each([
    ["--maps", MAPS.replace("pid=7", "pid=8"), "no snapshot"],
    ["--faults", "8 1.5 fault(0x400000, r, miss, user)\n", "no page fault"],
  ])("%s of another capture is refused", (option, text, nothing) => {
    const trace = file("one.strace", EXEC);
    const other = file("another", text);
    expect(replay(trace, option, other)).toEqual({
      status: 2,
      stdout: "",
      stderr: `rmaplab: ${other}: ${nothing} in it is of a thread in ${trace}; expected files of one capture\n`,
    });
  });

  test("--json prints one JSON document and nothing else", () => {
    const { status, stdout, stderr } = replay(...capture("redis-bgsave"), "--verify", "--json");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as ReplayResult;
    expect(Object.keys(result)).toEqual([
      ...["operations", "notReplayed", "failed", "refused", "faults", "assumed", "populated"],
      ...["peakVmas", "largest", "splits", "merges", "anonVmas", "walks", "maps"],
      ...["verified", "violations", "seconds"],
    ]);
    expect(result.operations).toMatchObject({ mmap: 95, execve: 1, clone: 2, clone3: 5 });
    expect(result.notReplayed).toEqual({});
    expect(result.maps).toMatchObject({ snapshots: 3, differences: 0, details: [] });
    for (const why of result.maps.explained) {
      expect(typeof why.why).toBe("string");
      expect(why.count).toBeGreaterThan(0);
    }
    expect(result.walks.map(({ operation, pages, index }) => [operation, pages, index])).toEqual([
      ["stab", "anon", "list"],
      ["rmap-walk", "anon", "list"],
      ["stab", "anon", "interval-tree"],
      ["rmap-walk", "anon", "interval-tree"],
      ["stab", "file", "interval-tree"],
      ["rmap-walk", "file", "interval-tree"],
    ]);
    expect(result.verified).toBeGreaterThan(0);
  });

  test("without --json prints operations, peak, changes, walks and the comparison", () => {
    const { status, stdout } = replay(...capture("redis-bgsave"));
    expect(status).toBe(0);
    expect(stdout).toMatch(/315 calls and 7,350 faults replayed in \d+\.\d\d s/);
    expect(stdout).toMatch(/^operations +mmap 95, close 87, openat 69, /m);
    expect(stdout).toMatch(/^not replayed +nothing$/m);
    expect(stdout).toMatch(/^peak +\d+ VMAs in one address space, \d+ in all$/m);
    expect(stdout).toMatch(/^changes +\d+ splits, \d+ merges, \d+ anon_vmas made$/m);
    expect(stdout).toMatch(/^ +rmap-walk +anon +list +1,024 of [\d,]+( +[\d.,]+){4}$/m);
    expect(stdout).toMatch(/323 ranges of 3 snapshots compared, 0 differences; \d+ boundar/);
  });

  test("exits 1 when a VMA list differs, and shows both sides", () => {
    const trace = file("t.strace", `${EXEC}7 2.0 exit_group(0) = ?\n`);
    const maps = file(
      "t.maps",
      `${MAPS}## exit pid=7 ts=2.1 exe=/bin/p\n00400000-00402000 r-xp 00000000 fe:00 7 /bin/p\n`,
    );
    const text = replay(trace, "--maps", maps);
    expect(text.status).toBe(1);
    expect(text.stdout).toContain(
      `  ${maps}:3: process 7\n` +
        "    captured 400000-402000 r-xp 00000000 /bin/p\n" +
        "    replayed 400000-401000 r-xp 00000000 /bin/p\n",
    );
    expect(replay(trace, "--maps", maps, "--json").status).toBe(1);
  });

  test("exits 0 without snapshots, and says that nothing was compared", () => {
    const { status, stdout } = replay(file("u.strace", EXEC));
    expect(status).toBe(0);
    expect(stdout).toContain("No snapshots were given: VMA lists are not compared.");
  });

  test("says which line at the end was cut, on standard error", () => {
    const path = file("cut.strace", `${EXEC}7 2.0 mmap(NULL, 40`);
    const { status, stderr } = replay(path);
    expect(status).toBe(0);
    expect(stderr).toBe(`rmaplab: ${path}:2: cut last line, skipped\n`);
  });

  test.each([
    ["a missing file", () => ["/none/there"], "rmaplab: /none/there: no such file; "],
    [
      "a malformed line of the trace",
      () => [file("bad.strace", `${EXEC}banana\n`)],
      'bad.strace:2: "banana" is no line of strace; expected [TID] SEC.FRACTION call(args) = result',
    ],
    [
      "a malformed argument",
      () => [file("bad2.strace", `${EXEC}7 2.0 munmap(banana, 4096) = 0\n`)],
      'bad2.strace:2: argument 1 of munmap is "banana"; a number is expected',
    ],
    [
      "a malformed fault",
      () => [file("t2.strace", EXEC), "--faults", file("bad.faults", "banana\n")],
      'bad.faults:1: "banana" is no page fault; expected [TID] SEC.FRACTION fault(',
    ],
    [
      "a malformed range",
      () => [file("t3.strace", EXEC), "--maps", file("bad.maps", `${MAPS}banana\n`)],
      'bad.maps:3: "banana" is no range; expected START-END PERMS',
    ],
    ["an unknown option", () => ["x", "--frobnicate"], "rmaplab: unknown option '--frobnicate'"],
    ["no trace", () => [], "rmaplab: missing required argument 'trace'"],
  ])("exits 2 with one clear line for %s", (_, args, message) => {
    const { status, stdout, stderr } = replay(...args());
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("--help names every option", () => {
    const { status, stdout } = replay("--help");
    expect(status).toBe(0);
    for (const option of ["<trace>", "--faults", "--maps", "--verify", "--json"]) {
      expect(stdout).toContain(option);
    }
  });
});
