import type { Page } from "../../bindings/index.js";

/** A page's marks and its cgroup, as model-flags.ts writes them. */
export function pageFlags(page: Page): string {
  const names = [
    "active",
    "buffers",
    "dirty",
    "lru",
    "mlocked",
    "referenced",
    "swapBacked",
    "swapCache",
    "unevictable",
    "writeback",
  ] as const;
  const set = names.filter((name) => page[name]);
  const key = page.storageKey;
  const marks = [key?.referenced === true ? "touched" : "", key?.changed === true ? "changed" : ""];
  return [...set, ...marks.filter((mark) => mark !== ""), `cgroup ${page.cgroup}`].join(",");
}
