import { expect, test } from "vitest";
import {
  formatCount,
  formatMean,
  formatRatio,
  formatTime,
  formatVmas,
} from "../../bindings/report/numbers.js";

test.each([
  [0.5, "0.50 ns"],
  [8.518, "8.52 ns"],
  [12.34, "12.3 ns"],
  [999.4, "999 ns"],
  [999.6, "1.00 µs"],
  [12_345, "12.3 µs"],
  [4_560_000, "4.56 ms"],
  [2_000_000_000, "2.00 s"],
])("a time of %d ns has three digits and its unit", (ns, text) => {
  expect(formatTime(ns)).toBe(text);
});

test("counts have their thousands apart", () => {
  expect(formatCount(16_384)).toBe("16,384");
});

test("VMAs are counted as they are shown: a crossing at 1.4 is about 1 VMA", () => {
  expect([1, 1.4, 1.6, 16_384].map(formatVmas)).toEqual([
    "1 VMA",
    "1 VMA",
    "2 VMAs",
    "16,384 VMAs",
  ]);
});

test("means keep a decimal only where it says something", () => {
  expect([4.5, 8, 8191.5, 14.04].map(formatMean)).toEqual(["4.5", "8", "8,192", "14.0"]);
});

test("ratios have about two digits", () => {
  expect([0.126, 1.04, 9.95, 72.4, 1234].map(formatRatio)).toEqual([
    "0.13",
    "1.0",
    "9.9",
    "72",
    "1,234",
  ]);
});
