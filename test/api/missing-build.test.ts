// A build that was not made: how that is told, in Node and by web servers.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { compileCore, createKernel } from "../../bindings/index.js";

/** What reads files in Node, and is not there in browsers. */
function stubBuiltin(module: unknown): void {
  vi.stubGlobal("process", { ...globalThis.process, getBuiltinModule: () => module });
}

afterEach(() => {
  vi.unstubAllGlobals();
});

async function expectMissing(): Promise<void> {
  const missing = {
    name: "KernelError",
    code: "ENOENT",
    detail: expect.stringMatching(
      /^build "debug" is not there, "npm run build:debug" makes it \(.*debug.*\.wasm.*\)$/,
    ) as string,
  };
  await expect(createKernel({ build: "debug" })).rejects.toMatchObject(missing);
  await expect(compileCore("debug")).rejects.toMatchObject(missing);
}

describe("a web server", () => {
  beforeEach(() => stubBuiltin(undefined));

  test.each([
    ["that finds nothing", () => new Response("", { status: 404 })],
    [
      "that answers with a page instead",
      () => new Response("<!doctype html><title>rmaplab</title>"),
    ],
    ["that answers with nothing", () => new Response("")],
  ])("%s", async (_, respond) => {
    vi.stubGlobal("fetch", () => Promise.resolve(respond()));
    await expectMissing();
  });

  test("that fails is told of as it is", async () => {
    const response = new Response("", { status: 503, statusText: "Service Unavailable" });
    vi.stubGlobal("fetch", () => Promise.resolve(response));
    await expect(compileCore("debug")).rejects.toThrow(/debug.*\.wasm.*: 503 Service Unavailable/);
  });
});

test("a file that is not there", async () => {
  const error = Object.assign(new Error("no such file"), { code: "ENOENT" });
  stubBuiltin({ readFile: () => Promise.reject(error) });
  await expectMissing();
});

test("a build that does not exist is EINVAL", async () => {
  await expect(compileCore("fast" as "debug")).rejects.toMatchObject({
    code: "EINVAL",
    detail: 'build is "fast", accepted: release, checked, explore, debug',
  });
});
