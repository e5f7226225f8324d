import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
  version: string;
  bin: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
};

describe("the package", () => {
  const targets = Object.values(manifest.exports)
    .flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)))
    .filter((target) => !target.includes("*"));

  test.each(targets)("exports %s, which exists", (target) => {
    expect(existsSync(new URL(target, root))).toBe(true);
  });

  test.each(["release", "checked", "explore"])("exports the Wasm of %s", (build) => {
    const path = createRequire(import.meta.url).resolve(`rmaplab/wasm/${build}.wasm`);
    expect(readFileSync(path).subarray(0, 4)).toEqual(Buffer.from("\0asm"));
  });

  test.each(Object.entries(manifest.bin))("has the command %s at %s", (name, target) => {
    accessSync(new URL(target, root), constants.X_OK);
    accessSync(new URL(`node_modules/.bin/${name}`, root), constants.X_OK);
    expect(readFileSync(new URL(target, root), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  test("gives its importer a kernel", async () => {
    const { createKernel } = (await import(
      createRequire(import.meta.url).resolve("rmaplab")
    )) as typeof import("../../bindings/index.js");
    const kernel = await createKernel();
    expect(kernel.spawn().vmas()).toEqual([]);
    kernel.dispose();
  });
});
