// Memory cgroups in scripts: words, results, dumps, explanations.

import { describe, expect, test } from "vitest";
import { renderRun } from "../../bindings/report/run-view.js";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { formatDumpDocument } from "../../bindings/scenario/dump-text.js";
import { runScript } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";
import { explain } from "./explained.js";

async function run(text: string): Promise<DumpDocument> {
  const kernel = await createKernel({ frames: 256, build: "checked" });
  const document = runScript(kernel, parseScript(text, "s"), { kernel: "k", case: "s" });
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
  return document;
}

const FILL = Array.from({ length: 12 }, (_, i) => `write A ${i} ${i}`).join("\n");

describe("memory cgroups in a script", () => {
  test("a limit is kept by reclaim, and a move takes the charges along", async () => {
    const { results, dumps } = await run(
      "memcg G\nlimit G 8\nmemcg H root\nspawn A G\nmmap A 0 12 rw anon private\n" +
        `${FILL}\nread A 0\nmove A H\ndump\nrmdir G\nread A 3\n`,
    );
    expect(results.filter(([, , result]) => typeof result === "string")).toEqual([]);
    const [g, h] = dumps[0]!.memcgs!;
    expect(g).toMatchObject({ name: "G", parent: "root", limit: 8, rss: 0 });
    expect(h).toMatchObject({ name: "H", limit: null, cache: 0 });
    expect(h!.rss).toBeGreaterThan(0);
    expect(dumps.at(-1)!.memcgs!.map(({ name }) => name)).toEqual(["H"]);
  });

  test("hierarchies, and what is refused", async () => {
    const { results } = await run(
      "memcg T root hierarchy\nmemcg C T\nspawn A C\nmmap A 0 4 rw anon private\nlimit T 2\n" +
        "mlock A 0 4\nrmdir C\nmove A root\nrmdir T\nrmdir C\nrmdir T\nmove A C\nlimit T 5\nspawn B T\n",
    );
    expect(results.map(([line, , result]) => [line, result]).slice(5)).toEqual([
      [6, "EAGAIN"],
      [7, "EBUSY"],
      [8, 0],
      [9, "EBUSY"],
      [10, 0],
      [11, 0],
      [12, "SKIP"],
      [13, "SKIP"],
      [14, "SKIP"],
    ]);
  });

  test.each([
    ["spawn B G", "skipped, its memory cgroup is not there"],
    ["move A G", "skipped, its memory cgroup is not there"],
    ["limit G 5", "skipped, its memory cgroup is not there"],
    ["memcg H G", "skipped, the memory cgroup above is not there"],
  ])("%s after rmdir G says why it is skipped", async (line, words) => {
    const explained = await explain(["memcg G", "spawn A", "rmdir G", line]);
    expect(explained.at(-1)).toBe(`4 ${line}: ${words}`);
  });

  test("a process that has exited is told as that, its cgroup is there", async () => {
    const explained = await explain(["memcg G", "spawn A", "exit A", "move A G"]);
    expect(explained.at(-1)).toBe("4 move A G: skipped, its process or file is not there");
  });

  test("a script without them has none in its dumps", async () => {
    const document = await run("spawn A\n");
    expect(document.dumps[0]!.memcgs).toBeUndefined();
    expect(formatDumpDocument(document)).not.toContain("memcgs");
  });

  test("the view has a table of them, with what memory.stat has of each", async () => {
    const source =
      "memcg G\nlimit G 20\nmemcg H G\nspawn A G\nmmap A 0 2 rw anon private\nwrite A 0 1\n";
    const script = parseScript(source, "s");
    const view = renderRun(await run(source), script, { columns: 80, color: false });
    expect(view).toContain("memory cgroups\n");
    expect(view).toContain("│ cgroup │ below │ limit │ usage │ failcnt │ memory.stat");
    expect(view).toContain("│ G      │ root  │ 20    │ 1     │ 1       │ rss 1, pgpgin 1,");
    expect(view).toContain("│ H      │ G     │ none  │ 0     │ 0       │  ");
    const without = renderRun(await run("spawn A\n"), script, { columns: 80, color: false });
    expect(without).not.toContain("cgroup");
  });

  test("the document's text has them", async () => {
    const document = await run("memcg G\n");
    const text = formatDumpDocument(document);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(document)));
    expect(text).toContain('"memcgs":[\n{"name":"G"');
  });

  test("a limit that is refused says what is charged, and what only in advance", async () => {
    const fill = ["write A 0", "write A 1", "write A 2"];
    const [refused] = (
      await explain([
        "memcg G",
        "limit G 40",
        "spawn A G",
        "mmap A 0 9 rw anon private",
        ...fill,
        "limit G 2",
      ])
    ).slice(-1);
    expect(refused).toMatch(
      /^8 limit G 2: EBUSY, its usage is 29, of which 29 are charged in advance, and no more can be reclaimed;/,
    );
  });

  test("a cgroup that can't go says why", async () => {
    const lines = ["memcg G", "memcg H G", "spawn A H", "rmdir G", "rmdir H", "empty H"];
    expect((await explain(lines)).slice(3)).toEqual([
      "4 rmdir G: EBUSY, there are cgroups below it",
      "5 rmdir H: EBUSY, there are processes in it",
      "6 empty H: EBUSY, there are processes in it",
    ]);
  });

  test.each([
    ["limit G 3\n", 's:1: unknown cgroup "G"; memcg G makes one'],
    ["memcg G\nspawn A H\n", 's:2: unknown cgroup "H"; cgroups so far: root, G'],
    ["memcg G nope\n", 's:1: unknown cgroup "nope"; cgroups so far: root'],
    ["memcg G\nspawn A\nmove A Q\n", 's:3: unknown cgroup "Q"; cgroups so far: root, G'],
    ["spawn A Q\n", 's:1: unknown cgroup "Q"; cgroups so far: root'],
    [
      "memcg G\nlimit root 5\n",
      's:2: cgroup "root" has no limit, and always stays; cgroups so far: G',
    ],
    ["empty root\n", 's:1: cgroup "root" has no limit, and always stays; memcg G makes one'],
    ["memcg G root nope\n", 's:1: unknown kind of cgroup "nope"; accepted is hierarchy'],
    ["memcg root\n", 's:1: cgroup name "root" is taken; that is the one above all others'],
    ["memcg G G\n", `s:1: cgroup "G" can't be below itself; accepted are root and others`],
    ["memcg G\nlimit G -1\n", 's:2: limit "-1" is out of range'],
    ["memcg G\nmemcg G\n", 's:2: cgroup name "G" is taken since line 1'],
  ])("%j is refused", (text, message) => {
    expect(() => parseScript(text, "s")).toThrow(message);
  });
});
