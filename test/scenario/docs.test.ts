// docs/script.md says what happens: its examples are run here.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { compareDumps } from "../../bindings/scenario/dump-comparison.js";
import { Explainer } from "../../bindings/scenario/explanation.js";
import { renderRun } from "../../bindings/report/run-view.js";
import { renderWalks } from "../../bindings/report/walk-view.js";
import { grammar } from "../../bindings/scenario/grammar.js";
import { ScriptRunner } from "../../bindings/scenario/runner.js";
import { WalkLog } from "../../bindings/scenario/walk-log.js";
import { parseScript } from "../../bindings/scenario/script.js";

const page = readFileSync(new URL("../../docs/script.md", import.meta.url), "utf8");

/** The fenced blocks of one language. */
function blocks(language: string): string[] {
  return page
    .split(/^```/m)
    .filter((_, i) => i % 2 === 1)
    .filter((block) => block.startsWith(`${language}\n`))
    .map((block) => block.slice(language.length + 1));
}

interface Told {
  readonly document: DumpDocument;
  readonly explained: readonly string[];
  /** As `rmaplab run` prints it. */
  readonly text: string;
}

async function run(source: string): Promise<Told> {
  const script = parseScript(source, "first.script");
  const kernel = await createKernel({ arch: script.arch });
  const runner = new ScriptRunner(kernel, script, { kernel: "rmaplab v3.7", case: script.name });
  const explained: string[] = [];
  const notes = new Map<number, string>();
  const explainer = new Explainer(kernel, runner, { tell: (words) => explained.push(words) });
  for (let step = explainer.step(); step !== null; step = explainer.step()) {
    if (step.note !== "") notes.set(step.operation.line, step.note);
  }
  kernel.dispose();
  const { document } = runner;
  const text = renderRun(document, script, { columns: 100, color: false, notes });
  return { document, explained, text };
}

test("the first script of the page gives the document and the explanations of the page", async () => {
  const [source = ""] = blocks("script");
  const [json = ""] = blocks("json");
  const [, explanations = ""] = blocks("explained");
  const { document, explained } = await run(source);
  expect(compareDumps(JSON.parse(json) as DumpDocument, document)).toEqual([]);
  expect(explained).toEqual(expect.arrayContaining(explanations.trim().split("\n")));
});

test("the third script of the page runs on an s390x, and gives the explanations of the page", async () => {
  const [, , source = ""] = blocks("script");
  const [explanations = "none"] = blocks("explained");
  const { explained } = await run(source);
  expect(explained).toEqual(expect.arrayContaining(explanations.trim().split("\n")));
});

test("the fourth script of the page gives the results and the explanations of the page", async () => {
  const [, , , source = ""] = blocks("script");
  const [results = "none"] = blocks("results");
  const [, , explanations = ""] = blocks("explained");
  const { explained, text } = await run(source);
  expect(text).toContain(`\n\n${results}\n`);
  expect(explained).toEqual(expect.arrayContaining(explanations.trim().split("\n")));
});

test("the script with a nonlinear mapping gives the explanations of the page", async () => {
  const source = blocks("script").find((block) => block.includes("remap_file_pages")) ?? "";
  const words = blocks("explained").find((block) => block.includes("remap_file_pages")) ?? "none";
  const { explained } = await run(source);
  expect(explained).toEqual(expect.arrayContaining(words.trim().split("\n")));
});

test("the second script of the page is refused in the words of the page", () => {
  const [, source = ""] = blocks("script");
  const [session = ""] = blocks("console");
  const message = /^rmaplab: (.*)$/m.exec(session)?.[1];
  expect(message).toBeDefined();
  expect(() => parseScript(source, "two.script")).toThrow(message);
});

describe("the walk that the page shows step by step", () => {
  const section = page.slice(page.indexOf("### One walk"), page.indexOf("## The dump document"));
  const [source = "", whole = "", part = ""] = section
    .split(/^```/m)
    .filter((_, i) => i % 2 === 1)
    .map((block) => block.slice(block.indexOf("\n") + 1));

  async function walked(anonIndex: "list" | "interval-tree"): Promise<string> {
    const kernel = await createKernel({ build: "checked", anonIndex });
    const script = parseScript(source, "s");
    const runner = new ScriptRunner(kernel, script, { kernel: "k", case: "s" });
    const log = new WalkLog(kernel, runner, { line: 6 });
    const explainer = new Explainer(kernel, runner, { walks: log });
    while (explainer.step() !== null);
    kernel.dispose();
    return renderWalks({ ...shown(log), kept: null }, { columns: 100, color: false });
  }

  test("is what the script gives", async () => {
    expect(whole).toContain("page_referenced");
    expect(await walked("interval-tree")).toContain(`\n\n${whole}`);
  });

  test("passes over a VMA with a list", async () => {
    expect(part).toContain("irrelevant");
    expect(await walked("list")).toContain(part);
    expect(await walked("interval-tree")).not.toContain(part);
  });
});

function shown({ title, walks }: WalkLog): Pick<WalkLog, "title" | "walks"> {
  return { title, walks };
}

test("the page has every operation in the form in which messages show it", () => {
  const unescaped = page.replaceAll("\\|", "|");
  for (const [name, { form }] of Object.entries(grammar)) {
    expect(unescaped, name).toContain(`\`${form}\``);
  }
});
