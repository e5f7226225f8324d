import { createRequire } from "node:module";
import { availableParallelism, cpus, release, type } from "node:os";
import type { BenchMachine } from "./document.js";

/** The machine that Node runs on. */
export function nodeMachine(): BenchMachine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    os: `${type()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    rmaplab: packageVersion(),
    build: "release",
  };
}

/** By the package's own name: the same from sources, dist and an install. */
function packageVersion(): string {
  const manifest = createRequire(import.meta.url)("rmaplab/package.json") as { version: string };
  return manifest.version;
}
