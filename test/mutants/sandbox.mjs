// A copy of what tests read, whose core may be broken: its own Wasm, the same tests.

import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chosen, NO_BREAK } from "./choice.mjs";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** What tests read. */
const copied = ["bindings", "bench", "docs", "test", "assembly", "package.json", "README.md"];

/** @param {string} folder that does not exist yet */
export function makeSandbox(folder) {
  fs.mkdirSync(join(folder, "build"), { recursive: true });
  for (const path of copied) {
    fs.cpSync(join(repository, path), join(folder, path), { recursive: true });
  }
  fs.symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
}

/**
 * Lets one break, or none, be in all builds of a sandbox's core.
 *
 * @param {Record<string, Buffer>} core from compileBroken()
 */
export function breakCore(folder, core, number = NO_BREAK) {
  for (const [name, bytes] of Object.entries(core)) {
    fs.writeFileSync(join(folder, `build/${name}.wasm`), chosen(bytes, number));
  }
}
