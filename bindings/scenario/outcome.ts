// What the number that an operation gives means.

import type { OperationName } from "./operation.js";
import { counted } from "./wording.js";

const MEANINGS: Partial<Record<OperationName, (value: number) => string>> = {
  read: String,
  "file-read": String,
  "device-read": String,
  referenced: (n) => (n === 0 ? "not touched" : `touched through ${counted(n, "mapping")}`),
  rmap: (n) => `found at ${counted(n, "place")}`,
  "swap-out": (n) => `${counted(n, "page")} reclaimed`,
  reclaim: (n) => `${counted(n, "page")} reclaimed`,
  migrate: (n) => `${counted(n, "page")} moved`,
  writeback: (n) => `${counted(n, "page")} written`,
  invalidate: (n) => `${counted(n, "page")} dropped`,
  poison: (n) => (n === 0 ? "nobody is told" : `${n} ${n === 1 ? "process" : "processes"} told`),
  swapon: (n) => `swap area ${n}`,
};

/** On an s390x: how often a page was touched shows in its key, not in its mappings; clients of notifiers add to it. */
function touchedByKey(n: number): string {
  if (n === 0) return "not touched";
  return n === 1 ? "touched" : `touched: its storage key and devices count ${n}`;
}

/**
 * The result of an operation that succeeded, in words; null for those that give nothing but 0.
 * @param keyed the machine has storage keys
 */
export function outcomeInWords(
  operation: OperationName,
  value: number,
  keyed = false,
): string | null {
  if (keyed && operation === "referenced") return touchedByKey(value);
  return MEANINGS[operation]?.(value) ?? null;
}
