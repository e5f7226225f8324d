// Those who come to a process's memory by themselves, in scripts.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import { renderRun } from "../../bindings/report/run-view.js";
import { formatDumpDocument } from "../../bindings/scenario/dump-text.js";
import { Explainer } from "../../bindings/scenario/explanation.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { parseScript } from "../../bindings/scenario/script.js";

/** What a script gives, and what is said of each line. */
async function run(source: string) {
  const kernel = await createKernel({ build: "checked", frames: 256 });
  const script = parseScript(source, "devices.script");
  const runner = new ScriptRunner(kernel, script, { kernel: "rmaplab", case: script.name });
  const told: string[] = [];
  const explainer = new Explainer(kernel, runner, { tell: (words) => told.push(words) });
  while (explainer.step() !== null);
  expect(kernel.verify()).toEqual([]);
  kernel.dispose();
  return { document: runner.document, script, told };
}

function results({ document }: Awaited<ReturnType<typeof run>>): unknown[] {
  return document.results.map(([, , result]) => result);
}

test("the example of docs/script.md says what the page says", async () => {
  const page = readFileSync(new URL("../../docs/script.md", import.meta.url), "utf8");
  const blocks = page.split(/^```/m).filter((_, i) => i % 2 === 1);
  const source = blocks.find((block) => block.startsWith("script") && block.includes("notifier"));
  const words = blocks.find((block) => block.startsWith("explained") && block.includes("notifier"));
  const { told } = await run((source ?? "").replace(/^script\n/, ""));
  const lines = (words ?? "").trimEnd().split("\n").slice(1);
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) expect(told).toContain(line);
});

test("a dump has what each device of a process shows", async () => {
  const it = await run(
    "spawn A\nmmap A 0 4 rw anon private\nnotifier A D kvm\ndevice-read D 1\ndevice-write D 0 5\n",
  );
  const [dump] = it.document.dumps;
  expect(dump?.procs[0]?.devices).toEqual([
    [
      "D",
      "kvm",
      [
        [0, 0, "rw"],
        [1, -1, "r"],
      ],
    ],
  ]);
  expect(JSON.parse(formatDumpDocument(it.document))).toEqual(it.document);
  const text = renderRun(it.document, it.script, { columns: 100, color: false });
  expect(text).toContain("D (kvm) shows 0→0 rw, 1→zero r");
});

test("a process without devices has none in its dump", async () => {
  const { document } = await run("spawn A\nspawn B\nnotifier B D rdma\nunregister D\n");
  expect(document.dumps[0]?.procs.map(({ devices }) => devices)).toEqual([undefined, undefined]);
});

test("a device that is gone is skipped, and what the process may not is EFAULT", async () => {
  const it = await run(
    [
      "spawn A",
      "mmap A 0 1 r anon private",
      "notifier A D kvm",
      "device-write D 0",
      "device-read D 9",
      "unregister D",
      "device-read D 0",
      "notifier A E rdma",
      "exit A",
      "device-write E 0",
    ].join("\n"),
  );
  expect(results(it)).toEqual([0, 0, 0, "EFAULT", "EFAULT", 0, "SKIP", 0, 0, "SKIP"]);
  expect(it.told[3]).toBe("4 device-write D 0: EFAULT, VMA 0-1 is r--p");
  expect(it.told[4]).toBe("5 device-read D 9: EFAULT, nothing is mapped there");
  expect(it.told[6]).toBe("7 device-read D 0: skipped, its device is not there");
});

test.each([
  ["device-read D 0", 'unknown device "D", notifier P D kvm|rdma makes one'],
  ["spawn A\nnotifier A D vfio", 'unknown model "vfio", accepted are kvm, rdma'],
  ["spawn A\nnotifier A D kvm\nnotifier A D kvm", 'device name "D" is taken since line 2'],
  ["spawn A\ndevice-read A 0", 'unknown device "A", it is a process'],
])("%j is refused", (source, said) => {
  expect(() => parseScript(source, "bad.script")).toThrow(said.split(",")[0]);
});
