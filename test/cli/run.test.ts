// The built command, as people call it: what it prints where, and its exit status.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { runCommand } from "../../bindings/cli/run.js";
import { KernelError } from "../../bindings/core/kernel-error.js";
import { Kernel } from "../../bindings/kernel/kernel.js";
import { Process } from "../../bindings/kernel/process.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { compareDumps } from "../../bindings/scenario/dump-comparison.js";
import { liveCases } from "../scenario/live-case.js";

const COMMAND = fileURLToPath(new URL("../../dist/bindings/cli/rmaplab.js", import.meta.url));
const CASES = fileURLToPath(new URL("../fixtures/cases/", import.meta.url));
let folder = "";

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function rmaplab(args: readonly string[], input = ""): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, "run", ...args], {
    input,
    encoding: "utf8",
    cwd: folder,
    timeout: 30_000,
    maxBuffer: 2 ** 26,
  });
  return { status, out: stdout, err: stderr };
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "rmaplab-run-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("rmaplab run", () => {
  test.each(["list", "interval-tree"])("--json with %s is the live kernel's document", (index) => {
    const set = ["--set", `anonIndex=${index}`];
    const { status, out, err } = rmaplab([`${CASES}shared.script`, "--json", "--verify", ...set]);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const document = JSON.parse(out) as DumpDocument;
    expect(document.kernel).toBe(`rmaplab v3.7 anonIndex=${index}`);
    expect(document.case).toBe("shared.script");
    const shared = liveCases().find(({ name }) => name === "shared");
    expect(compareDumps(document, shared!.document)).toEqual([]);
  });

  test("an s390x is made where the script or --arch says so, and named in the document", () => {
    const script = "file F 1\nspawn A\nmmap A 0 1 rw file:F:0 shared\nread A 0\nreferenced A 0\n";
    const kernel = ({ out }: Outcome): string => (JSON.parse(out) as DumpDocument).kernel;
    expect(kernel(rmaplab(["-", "--json"], script))).toBe("rmaplab v3.7");
    expect(kernel(rmaplab(["-", "--json"], `s390\n${script}`))).toBe("rmaplab v3.7 arch=s390x");
    expect(kernel(rmaplab(["-", "--json", "--arch", "s390x"], script))).toMatch(/arch=s390x$/);
    expect(rmaplab(["-", "--arch", "x86-64"], `s390\n${script}`)).toEqual({
      status: 2,
      out: "",
      err: "rmaplab: --arch x86-64: standard input says s390; accepted: s390x\n",
    });
    expect(rmaplab(["-", "--arch", "s390"], script).err).toBe(
      'rmaplab: --arch: unknown "s390"; accepted: x86-64, s390x\n',
    );
  });

  test("the view has processes, VMAs, frames and failures, without colours in a pipe", () => {
    const { status, out, err } = rmaplab(["-"], "spawn A\nmmap A 3 2 rw anon private\nwrite A 9\n");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("dump final");
    expect(out).toContain("│ 3-5 │ rw-p  │ anon");
    expect(out).toContain("write A 9 → SIGSEGV");
    expect(out).not.toContain("\x1b");
  });

  test("what was counted, and why something failed or stayed, is told without --explain", () => {
    const { out } = rmaplab(
      ["-"],
      "spawn A\nmmap A 0 2 rw anon private\nwrite A 0\npin A 0\nmigrate A 0 2\nswapon 9\n" +
        "swapoff 5\nfork A B\nexit B\nread B 0\nswap-out A 0 2\n",
    );
    expect(out).toContain("A  pages: swap 1\n");
    expect(out).toContain("── 11 operations, 2 failed ──");
    expect(out).toContain(
      [
        "     5  migrate A 0 2  → 0 pages moved, page 0 stays: pinned",
        "     6  swapon 9       → swap area 1",
        "     7  swapoff 5      → EINVAL, there is no swap area 5",
        "    10  read B 0       → SKIP, its process or file is not there",
        "    11  swap-out A 0 2 → 0 pages reclaimed, page 0 stays: pinned",
        "",
      ].join("\n"),
    );
  });

  test("--explain says one line an operation before the view", () => {
    const { status, out } = rmaplab(["-", "--explain"], "spawn A\nread A 9\n");
    expect(status).toBe(0);
    expect(out.split("\n").slice(0, 3)).toEqual([
      "1 spawn A: made",
      "2 read A 9: SIGSEGV, nothing is mapped there",
      "",
    ]);
  });

  test("--explain with --json goes to standard error", () => {
    const { out, err } = rmaplab(["-", "--explain", "--json"], "spawn A\n");
    expect(err).toBe("1 spawn A: made\n");
    expect(JSON.parse(out)).toMatchObject({ case: "-" });
  });

  test("--verify says how often it checked, but with --json", () => {
    const { out } = rmaplab(["-", "--verify"], "spawn A\nread A 9\ndump\n");
    expect(out).toMatch(/\n\nInvariants: checked 3 times, 0 broken\n$/);
    const { out: json } = rmaplab(["-", "--verify", "--json"], "spawn A\n");
    expect(json).not.toContain("Invariants");
  });

  test("--frames, --swap and --memlock make the machine so small", () => {
    const lines = [
      "spawn A",
      "mmap A 0 9 rw anon private",
      "mlock A 0 3",
      "munlock A 0 3",
      "mlock A 0 2",
      "write A 3",
      "write A 4",
      "munlock A 0 2",
      "swap-out A 0 9",
    ];
    const sizes = ["--frames", "3", "--swap", "1", "--memlock", "2"];
    const { status, out } = rmaplab(["-", "--verify", ...sizes], lines.join("\n"));
    expect(status).toBe(0);
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "ENOMEM, a process may lock at most 2 pages (memlock), this would be 3",
    );
    expect(out).toContain("write A 4      → ENOMEM, no frame is free");
    expect(out).toContain("→ 1 page reclaimed, pages 1 and 3 stay: swap is full");
  });

  test("--thp says where faults make huge pages", () => {
    const script = "spawn A\nmmap A 0 1024 rw anon private\nwrite A 3\ndump\n";
    const anon = (...flags: string[]): unknown => {
      const { out } = rmaplab(["-", "--json", "--verify", ...flags], script);
      const { dumps } = JSON.parse(out) as { dumps: { procs: { rss: { anon: number } }[] }[] };
      return dumps[0]?.procs[0]?.rss.anon;
    };
    expect(anon()).toBe(1);
    expect(anon("--thp", "never")).toBe(1);
    expect(anon("--thp", "always")).toBe(512);
    const { status, err } = rmaplab(["-", "--thp", "sometimes"], script);
    expect(status).toBe(2);
    expect(err).toBe('rmaplab: --thp: unknown "sometimes"; accepted: never, madvise, always\n');
  });

  test("why reclaim and writeback did little is told without --explain", () => {
    const { out } = rmaplab(
      ["-"],
      "file T 4\nfile-write T 0\nwriteback T\nreclaim 3\nreclaim 0\nspawn A\nswap-out A 0 0\n",
    );
    expect(out).toContain(
      [
        "     3  writeback T    → 0 pages written, tmpfs has nowhere to write to",
        "     4  reclaim 3      → 0 pages reclaimed, page 0 of T stays: tmpfs is never",
        "                         swapped out in this model",
        "     5  reclaim 0      → 0 pages reclaimed, none was asked for",
        "     7  swap-out A 0 0 → 0 pages reclaimed, the range has 0 pages",
      ].join("\n"),
    );
  });

  test("--swap 0 makes a machine without swap", () => {
    const source = "spawn A\nmmap A 0 1 rw anon private\nwrite A 0\nreclaim 1\nswapon 5\n";
    const { out } = rmaplab(["-", "--swap", "0"], source);
    expect(out.replaceAll(/\s+/g, " ")).toContain(
      "reclaim 1 → 0 pages reclaimed, 1 page without a file on disk is passed over: there is no swap",
    );
    expect(out).toContain("swapon 5  → swap area 0");
  });

  test("the checked build gives the same document", () => {
    const script = `${CASES}forkchain.script`;
    const release = rmaplab([script, "--json"]);
    expect(rmaplab([script, "--json", "--build", "checked"])).toEqual(release);
  });

  test("--help says what is accepted", () => {
    const { status, out } = rmaplab(["--help"]);
    expect(status).toBe(0);
    for (const word of [
      "--release",
      "--set",
      "anonIndex=list|interval-tree",
      "--verify",
      "--json",
      "--frames",
      "--swap",
      "--memlock",
    ]) {
      expect(out).toContain(word);
    }
  });

  test.each([
    [["none.script"], "none.script: no such file; give the file of a script, or - for"],
    [["folder"], "folder: is a directory"],
    [["binary"], "binary: not a text file; give a script in UTF-8"],
    [["latin1"], "latin1: not a text file"],
    [["huge"], "huge: too long; a script has at most 4194304 bytes"],
    [["bad.script"], 'bad.script:2: unknown operation "jump"; accepted are file,'],
    [
      ["bounds.script"],
      'bounds.script:1: number of pages "3000000000" is out of range; accepted are',
    ],
    [["good.script", "--release", "v9.9"], '--release: unknown "v9.9"; accepted: v3.0, v3.3,'],
    [["good.script", "--build", "fast"], '--build: unknown "fast"; accepted: release, checked'],
    [["good.script", "--set", "speed=9"], '--set: unknown switch "speed"; accepted: '],
    [
      ["good.script", "--set", "anonIndex"],
      '--set: unknown value "" of anonIndex; accepted: list,',
    ],
    [["good.script", "--set", "anonIndex=heap"], 'unknown value "heap" of anonIndex'],
    [
      ["good.script", "--set", "anonIndex=list", "--set", "anonIndex=list"],
      "--set: anonIndex is given twice",
    ],
    [
      ["good.script", "--set", "anonIndex=list", "--set", "vmaAddress=asserted"],
      /anonIndex.*vmaAddress|vmaAddress.*anonIndex/,
    ],
    [
      ["good.script", "--frames", "0"],
      '--frames: "0"; accepted: a whole number from 1 to 16777215',
    ],
    [
      ["good.script", "--swap", "2147483648"],
      '--swap: "2147483648"; accepted: a whole number from 0 to 2147483647',
    ],
    [
      ["good.script", "--memlock", "all"],
      '--memlock: "all"; accepted: a whole number from 0 to 4294967295',
    ],
    [["good.script", "--frames"], "option '--frames <number>' argument missing"],
    [["good.script", "--frob"], "unknown option '--frob'"],
    [["good.script", "more"], "too many arguments"],
    [[], "missing required argument"],
  ])("%j is refused with one line and exit status 2", (args, message) => {
    mkdirSync(join(folder, "folder"), { recursive: true });
    writeFileSync(join(folder, "good.script"), "spawn A\n");
    writeFileSync(join(folder, "bad.script"), "spawn A\njump A\n");
    writeFileSync(join(folder, "bounds.script"), "reclaim 3000000000\n");
    writeFileSync(join(folder, "binary"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1]));
    writeFileSync(join(folder, "latin1"), Buffer.from("spawn \xe9\n", "latin1"));
    writeFileSync(join(folder, "huge"), "");
    truncateSync(join(folder, "huge"), 2 ** 30);
    const { status, out, err } = rmaplab(args);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toMatch(/^rmaplab: [^\n]+\n$/);
    if (typeof message === "string") expect(err).toContain(message);
    else expect(err).toMatch(message);
  });
});

describe("rmaplab run on a terminal", () => {
  afterEach(() => vi.restoreAllMocks());

  test("long explanations go on in the next line, indented", async () => {
    let out = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      out += String(text);
      return true;
    });
    const { isTTY, columns } = process.stdout;
    Object.assign(process.stdout, { isTTY: true, columns: 60 });
    try {
      await runCommand().parseAsync([`${CASES}forkchain.script`, "--explain"], { from: "user" });
    } finally {
      Object.assign(process.stdout, { isTTY, columns });
    }
    const lines = out.slice(0, out.indexOf("──")).split("\n");
    expect(lines.filter((line) => line.startsWith("    ")).length).toBeGreaterThan(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
  });
});

/** What a defect of the kernel looks like: no script can cause one, so it is made up. */
describe("rmaplab run on a broken kernel", () => {
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  async function run(...args: string[]): Promise<{ out: string; err: string }> {
    const written = { out: "", err: "" };
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      written.out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      written.err += String(text);
      return true;
    });
    await runCommand().parseAsync([`${CASES}forkchain.script`, "--json", ...args], {
      from: "user",
    });
    return written;
  }

  test("--verify stops at the first broken invariant, says where, and exits with 1", async () => {
    let calls = 0;
    vi.spyOn(Kernel.prototype, "verify").mockImplementation(() =>
      ++calls === 4 ? [{ invariant: "I1", message: "frame 7: mapcount 2, 1 entry" }] : [],
    );
    const { out, err } = await run("--verify");
    expect(process.exitCode).toBe(1);
    expect(err).toMatch(
      /^rmaplab: .*forkchain\.script:5: after "write L0 11": I1 broken: frame 7: mapcount 2, 1 entry\n$/,
    );
    expect((JSON.parse(out) as DumpDocument).results).toHaveLength(4);
  });

  test("an assertion that fails ends the run, says where, and exits with 1", async () => {
    vi.spyOn(Process.prototype, "munmap").mockImplementation(() => {
      throw new KernelError("BUG", "munmap", "page is still mapped");
    });
    const { err } = await run();
    expect(process.exitCode).toBe(1);
    expect(err).toMatch(
      /^rmaplab: .*forkchain\.script:42: after "munmap L4 11 2": assertion failed: .*still mapped\n$/,
    );
  });
});
