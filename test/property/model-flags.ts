import type { Page } from "../model/page.js";

/** A page's marks and its cgroup. */
export function pageFlags(page: Page): string {
  const { whole } = page;
  const flags = [
    whole.active ? "active" : "",
    whole.buffers ? "buffers" : "",
    whole.dirty ? "dirty" : "",
    whole.lists.holds(whole) ? "lru" : "",
    whole.mlocked ? "mlocked" : "",
    whole.referenced ? "referenced" : "",
    whole.swapBacked ? "swapBacked" : "",
    whole.slot === null ? "" : "swapCache",
    whole.unevictable ? "unevictable" : "",
    whole.writeback ? "writeback" : "",
    page.memory.hasStorageKeys && page.touched ? "touched" : "",
    page.memory.hasStorageKeys && page.changed ? "changed" : "",
    `cgroup ${whole.isCharged ? whole.cgroup.number : 0}`,
  ];
  return flags.filter((flag) => flag !== "").join(",");
}
