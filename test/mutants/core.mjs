// The core with all breaks in it, compiled in a folder of its own.

import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brokenSources } from "./sources.mjs";

const repository = fileURLToPath(new URL("../..", import.meta.url));

const BUILDS = ["explore", "checked", "release"];

/** Nothing is optimized, since the tests are short; but Asyncify leaves too much behind as it is. */
function settings() {
  const config = JSON.parse(fs.readFileSync(join(repository, "asconfig.json"), "utf8"));
  config.options.sourceMap = false;
  for (const [name, target] of Object.entries(config.targets)) {
    delete target.textFile;
    delete target.bindings;
    target.optimizeLevel = name === "explore" ? 1 : 0;
  }
  return JSON.stringify(config);
}

/** What the compiler has against a build, "" if nothing. */
async function compile(folder, target, signal) {
  const asc = join(repository, "node_modules/assemblyscript/bin/asc.js");
  const child = spawn(process.execPath, [asc, "--target", target, "--noColors"], {
    ...{ cwd: folder, signal, stdio: ["ignore", "ignore", "pipe"] },
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (complaint += text));
  const status = await new Promise((resolve) => {
    child.once("error", resolve);
    child.once("close", resolve);
  });
  signal.throwIfAborted();
  return status === 0 ? "" : complaint || String(status);
}

/** The break in whose copy of a function the compiler's first error is. */
function guilty(complaint, texts, breaks) {
  const [, file, line] = /ERROR[^]*? in (\S+)\((\d+),/.exec(complaint) ?? [];
  const above = (texts.get(file) ?? "").split("\n", line).join("\n");
  const copies = [...above.matchAll(/^function \w+__(\d+)/gm)];
  return breaks[copies.at(-1)?.[1]];
}

/**
 * @param {string} folder that does not exist yet
 * @param breaks all that are to be in it
 * @returns {Promise<Record<string, Buffer>>} the builds, in which a break can be chosen
 * @throws Error with what the compiler says
 */
export async function compileBroken(folder, breaks, signal) {
  fs.cpSync(join(repository, "assembly"), join(folder, "assembly"), { recursive: true });
  fs.writeFileSync(join(folder, "asconfig.json"), settings());
  const texts = brokenSources(breaks, (file) => fs.readFileSync(join(repository, file), "utf8"));
  for (const [file, text] of texts) fs.writeFileSync(join(folder, file), text);
  const complaints = await Promise.all(BUILDS.map((target) => compile(folder, target, signal)));
  const complaint = complaints.find(Boolean);
  if (complaint) {
    const rule = guilty(complaint, texts, breaks)?.rule;
    throw new Error(`${rule ? `"${rule}"` : "the core"} does not compile:\n${complaint}`);
  }
  const builds = BUILDS.map((name) => [name, fs.readFileSync(join(folder, `build/${name}.wasm`))]);
  return Object.fromEntries(builds);
}
