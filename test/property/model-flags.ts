import type { Page } from "../model/page.js";

/** A page's marks and its cgroup. */
export function pageFlags(page: Page): string {
  const flags = [
    page.active ? "active" : "",
    page.buffers ? "buffers" : "",
    page.dirty ? "dirty" : "",
    page.lists.holds(page) ? "lru" : "",
    page.mlocked ? "mlocked" : "",
    page.referenced ? "referenced" : "",
    page.swapBacked ? "swapBacked" : "",
    page.slot === null ? "" : "swapCache",
    page.unevictable ? "unevictable" : "",
    page.writeback ? "writeback" : "",
    page.memory.hasStorageKeys && page.touched ? "touched" : "",
    page.memory.hasStorageKeys && page.changed ? "changed" : "",
    `cgroup ${page.isCharged ? page.cgroup.number : 0}`,
  ];
  return flags.filter((flag) => flag !== "").join(",");
}
