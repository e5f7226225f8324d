// Builds everything: the core's Wasm (build/), the library and the command (dist/), and the
// link that lets `npx rmaplab` find the command in a checkout.
//
//   node scripts/build.mjs [TARGET...]          all that is out of date
//   node scripts/build.mjs --core [TARGET...]   the Wasm only
//
// A target is one of asconfig.json; without one, those that everybody needs.
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const { targets } = JSON.parse(fs.readFileSync("asconfig.json", "utf8"));
const { bin } = JSON.parse(fs.readFileSync("package.json", "utf8"));

function node(script, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`${script} ${args.join(" ")} failed`)),
    );
  });
}

function modified(path) {
  return fs.existsSync(path) ? fs.statSync(path).mtimeMs : 0;
}

/** When the newest of the core's inputs was changed. */
function coreModified() {
  const sources = fs.readdirSync("assembly", { recursive: true }).map((f) => join("assembly", f));
  const inputs = [...sources, "asconfig.json", "package-lock.json", "scripts/build.mjs"];
  return Math.max(...inputs.map(modified));
}

/** One process a target, as many at a time as there are processors. */
async function buildCore(names) {
  const changed = coreModified();
  const due = names.filter((name) => modified(targets[name].outFile) < changed);
  const worker = async () => {
    for (let name = due.shift(); name !== undefined; name = due.shift()) {
      const start = performance.now();
      await node("node_modules/assemblyscript/bin/asc.js", "--target", name);
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      const kib = (fs.statSync(targets[name].outFile).size / 1024).toFixed(0);
      console.error(`${targets[name].outFile}: ${kib} KiB in ${seconds} s`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** dist/ mirrors the repository, so one relative URL finds the Wasm from sources and from dist. */
async function buildLibrary() {
  await node("node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json");
  fs.mkdirSync("dist/build", { recursive: true });
  for (const name of fs.readdirSync("build")) {
    if (/\.(wasm|d\.ts)$/.test(name)) fs.copyFileSync(`build/${name}`, `dist/build/${name}`);
  }
}

/** npm links the commands of dependencies only, never a package's own. */
function linkCommands() {
  for (const [name, target] of Object.entries(bin)) {
    const link = `node_modules/.bin/${name}`;
    fs.chmodSync(target, 0o755);
    fs.rmSync(link, { force: true });
    fs.symlinkSync(relative(dirname(link), target), link);
  }
}

const args = process.argv.slice(2);
const coreOnly = args[0] === "--core";
const names = coreOnly ? args.slice(1) : args;
const unknown = names.find((name) => !(name in targets));
if (unknown !== undefined) {
  console.error(`build: no target "${unknown}"; there are ${Object.keys(targets).join(", ")}`);
  process.exit(2);
}
try {
  await buildCore(names.length > 0 ? names : ["release", "checked", "explore"]);
  if (!coreOnly) {
    await buildLibrary();
    linkCommands();
  }
} catch (error) {
  console.error(`build: ${error.message}`);
  process.exitCode = 1;
}
