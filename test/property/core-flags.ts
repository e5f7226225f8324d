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
  return [...set, `cgroup ${page.cgroup}`].join(",");
}
