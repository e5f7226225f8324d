// The examples of README.md and docs/api.md run, and print what they say they print.

import { expect, test } from "vitest";
import readme from "../../README.md?raw";
import api from "../../docs/api.md?raw";
import * as rmaplab from "../../bindings/index.js";

/** An example: a JavaScript block that imports the library. */
function examples(page: string): string[] {
  return [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code!);
}

/** What the `// →` comments promise, line by line. */
function promised(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!);
}

type Run = (library: typeof rmaplab, console: { log(...values: unknown[]): void }) => Promise<void>;

const AsyncFunction = (async () => {}).constructor as new (...source: string[]) => Run;

async function output(code: string): Promise<string[]> {
  const [, imported] = /^import \{ (.*) \} from "rmaplab";$/m.exec(code) ?? [];
  expect(imported, "the example imports what it uses").toBeDefined();
  const body = code.replace(/^import .*$/m, `const { ${imported} } = rmaplab;`);
  const lines: string[] = [];
  const log = (...values: unknown[]) => lines.push(values.map(String).join(" "));
  await new AsyncFunction("rmaplab", "console", body)(rmaplab, { log });
  return lines;
}

const all = [
  ...examples(readme).map((code, i) => [`README.md, example ${i + 1}`, code] as const),
  ...examples(api).map((code, i) => [`docs/api.md, example ${i + 1}`, code] as const),
];

test.each(all)("%s prints what it says", async (_, code) => {
  expect(promised(code)).not.toEqual([]);
  expect(await output(code)).toEqual(promised(code));
});

test("the tree's counts that README.md tells beside its first example are right", async () => {
  const [first] = examples(readme);
  const [, counts] = /the last line says `([\d ]+)`/.exec(readme)!;
  const lines = await output(first!.replace('"list"', '"interval-tree"'));
  expect(lines.at(-1)).toBe(counts);
});

test("README.md has examples, and the page of the API has one for each part", () => {
  expect(examples(readme)).toHaveLength(3);
  expect(examples(api).length).toBeGreaterThan(5);
});
