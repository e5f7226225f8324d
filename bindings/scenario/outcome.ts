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

/** The result of an operation that succeeded, in words; null for those that give nothing but 0. */
export function outcomeInWords(operation: OperationName, value: number): string | null {
  return MEANINGS[operation]?.(value) ?? null;
}
