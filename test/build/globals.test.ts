import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** Names of the mutable globals of a build, from its text form. */
function mutableGlobals(build: string): string[] {
  const wat = readFileSync(new URL(`../../build/${build}.wat`, import.meta.url), "utf8");
  expect(wat).toMatch(/^\(module/);
  return [...wat.matchAll(/\(global (\S+)[^\n]*\(mut /g)].map(([, name]) => name ?? "");
}

describe("all kernel state lives in linear memory", () => {
  test.each(["release", "checked"])("%s has no mutable global", (build) => {
    expect(mutableGlobals(build)).toEqual([]);
  });

  test("explore has exactly Asyncify's two", () => {
    expect(mutableGlobals("explore").sort()).toEqual(["$__asyncify_data", "$__asyncify_state"]);
  });
});
