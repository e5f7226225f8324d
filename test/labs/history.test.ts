// Which kernels a lab of a commit compares.

import { describe, expect, test } from "vitest";
import { presets } from "../../bindings/kernel/releases.js";
import { stateAround, switchesOfBoth } from "../../bindings/labs/history.js";

describe("the kernels around a change of a switch", () => {
  test("are two releases, if nothing else came between them", () => {
    expect(stateAround("swapToken", "off")).toEqual({
      before: { release: "v3.4", set: {} },
      after: { release: "v3.5", set: {} },
    });
    expect(stateAround("storageKeyDirty", "non-accounting-only")).toEqual({
      before: { release: "v3.7-rc1", set: {} },
      after: { release: "v3.7", set: {} },
    });
  });

  test("the one before is the last release that is the same, not the first", () => {
    const { before, after } = stateAround("fileIndex", "interval-tree");
    expect(presets["v3.5"]).toEqual(presets["v3.6"]);
    expect(before).toEqual({ release: "v3.6", set: {} });
    expect(after.release).toBe("v3.7-rc1");
    expect(after.set).not.toHaveProperty("fileIndex");
    expect(after.set).toMatchObject({ anonIndex: "list", mremapOrder: "move-to-tail" });
  });

  test("are on the way to a release in the midst of its commits", () => {
    expect(stateAround("clearMlock", "on-last-unmap")).toEqual({
      before: {
        release: "v3.7-rc1",
        set: { clearMlock: "on-truncate", notifierCalls: "under-ptl" },
      },
      after: { release: "v3.7-rc1", set: { notifierCalls: "under-ptl" } },
    });
  });

  test("there are none for a value that no commit brought", () => {
    expect(() => stateAround("swapToken", "on")).toThrow(
      new RangeError("No commit set swapToken to on."),
    );
  });
});

describe("the switches of two kernels", () => {
  test("those that differ come first, then those that their release has otherwise, with what brought that", () => {
    const { before, after } = stateAround("vmaAddress", "asserted");
    expect(switchesOfBoth(before, after)).toEqual([
      ...[
        { name: "vmaAddress", before: "checked", after: "asserted", released: null, later: null },
      ],
      {
        ...{ name: "mremapOrder", before: "always-lock", after: "always-lock" },
        ...{ released: "lock-if-needed", later: "38a76013ad80" },
      },
      {
        ...{ name: "pageEvictable", before: "with-vma", after: "with-vma" },
        ...{ released: "page-only", later: "39b5f29ac1f9" },
      },
      {
        ...{ name: "clearMlock", before: "on-truncate", after: "on-truncate" },
        ...{ released: "on-last-unmap", later: "e6c509f85455" },
      },
      {
        ...{ name: "notifierCalls", before: "under-ptl", after: "under-ptl" },
        ...{ released: "outside-ptl", later: "2ec74c3ef2d8" },
      },
    ]);
  });

  test("one that differs can be newer still in the release", () => {
    const { before, after } = stateAround("memcgStat", "move-lock");
    expect(switchesOfBoth(before, after)).toEqual([
      {
        ...{ name: "memcgStat", before: "page-flag", after: "move-lock" },
        ...{ released: "move-lock-fast", later: null },
      },
    ]);
  });
});
