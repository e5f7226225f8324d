/** How numbers are written in tables, charts and sentences. */

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A whole number with its thousands apart: 16,384. */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** "1 VMA", "16,384 VMAs". */
export function formatVmas(count: number): string {
  const shown = formatCount(count);
  return `${shown} VMA${shown === "1" ? "" : "s"}`;
}

/** A mean: one decimal below 100, whole above; whole numbers stay whole. */
export function formatMean(value: number): string {
  return value >= 100 || Number.isInteger(value) ? grouped.format(value) : value.toFixed(1);
}

/** How many times: two significant digits below 10, whole above. */
export function formatRatio(value: number): string {
  if (value >= 10) return grouped.format(value);
  return value >= 1 ? value.toFixed(1) : value.toFixed(2);
}

/** A time given in nanoseconds, three significant digits, in the unit that suits it: 8.52 ns, 12.3 µs. */
export function formatTime(ns: number): string {
  for (const [unit, size] of UNITS) {
    if (ns < size * 999.5) return `${significant(ns / size)} ${unit}`;
  }
  return `${significant(ns / 1e9)} s`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ["ns", 1],
  ["µs", 1e3],
  ["ms", 1e6],
];

function significant(value: number): string {
  if (value >= 99.95) return grouped.format(value);
  return value.toFixed(value >= 9.995 ? 1 : 2);
}
