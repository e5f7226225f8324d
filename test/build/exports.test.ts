import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Core = Awaited<ReturnType<typeof import("../../build/release.js").instantiate>>;

/** Exports that raw calls would not honour: an i64 arrives as a BigInt, a boolean as 0 or 1. */
type Unfit<T> = {
  [K in keyof T]: T[K] extends
    ((...args: number[]) => number | void) | { value: number } | WebAssembly.Memory
    ? never
    : K;
}[keyof T];

// The compiler checks this one: an export that does not fit would be a missing property here.
const unfit: Record<Unfit<Core>, true> = {};

async function moduleOf(build: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url)));
}

async function exportsOf(build: string): Promise<string[]> {
  return WebAssembly.Module.exports(await moduleOf(build))
    .map(({ name }) => name)
    .sort();
}

describe("the boundary of the core", () => {
  test("only numbers cross it", () => {
    expect(unfit).toEqual({});
    const declarations = readFileSync(new URL("../../build/release.d.ts", import.meta.url), "utf8");
    expect(declarations).toMatch(/export function/);
    expect(declarations).not.toMatch(/: (bigint|boolean)\b/);
  });

  test("the builds export the same names, explore also Asyncify's", async () => {
    const release = await exportsOf("release");
    expect(await exportsOf("checked")).toEqual(release);
    const explore = await exportsOf("explore");
    expect(explore.filter((name) => !name.startsWith("asyncify_"))).toEqual(release);
    expect(explore.filter((name) => name.startsWith("asyncify_"))).toEqual([
      "asyncify_get_state",
      "asyncify_start_rewind",
      "asyncify_start_unwind",
      "asyncify_stop_rewind",
      "asyncify_stop_unwind",
    ]);
  });

  test("only explore imports the yield point", async () => {
    const imports = async (build: string) =>
      WebAssembly.Module.imports(await moduleOf(build)).map(
        ({ module, name }) => `${module}.${name}`,
      );
    expect(await imports("release")).not.toContain("host.yieldPoint");
    expect(await imports("checked")).not.toContain("host.yieldPoint");
    expect(await imports("explore")).toContain("host.yieldPoint");
  });
});
