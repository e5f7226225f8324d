// The test files that a break names by a part of their paths.

import * as fs from "node:fs";

const all = fs
  .readdirSync(new URL("..", import.meta.url), { recursive: true })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts"))
  .sort();

/**
 * @param {string[]} parts of paths, in the order in which files are wanted
 * @throws Error for a part of none: its break would be noticed by nothing, and count all the same
 */
export function testFiles(parts) {
  const found = new Set();
  for (const part of parts) {
    const files = all.filter((name) => name.includes(part));
    if (files.length === 0) throw new Error(`no test file has "${part}" in its name`);
    for (const file of files) found.add(file);
  }
  return [...found];
}
