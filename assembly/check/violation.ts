// The report: a count, then VIOLATIONS_LISTED records (see violated.ts). Of each kind the first few are listed,
// so that one broken thing with a thousand consequences does not hide another; all are counted.

import { Violated, VIOLATION_RECORD, VIOLATIONS_LISTED } from "../violated";
import { census } from "./census";

const LISTED_OF_A_KIND: u32 = 8;

function recordAt(n: u32): usize {
  return <usize>census().report + 8 + <usize>n * <usize>VIOLATION_RECORD;
}

/** Reports what is broken; which details a kind has stands in violated.ts. */
export function violated(
  kind: Violated,
  a: f64 = 0,
  b: f64 = 0,
  c: f64 = 0,
  d: f64 = 0,
  e: f64 = 0,
): void {
  const report = <usize>census().report;
  store<f64>(report, load<f64>(report) + 1);
  let first: usize = 0;
  let alike: u32 = 0;
  let n: u32 = 0;
  for (; n < <u32>VIOLATIONS_LISTED && load<f64>(recordAt(n)) != 0; n++) {
    if (load<f64>(recordAt(n)) != <f64>kind) continue;
    if (!first) first = recordAt(n);
    alike++;
  }
  if (first) store<f64>(first, load<f64>(first, 8) + 1, 8);
  if (alike == LISTED_OF_A_KIND || n == <u32>VIOLATIONS_LISTED) return;
  const record = recordAt(n);
  store<f64>(record, <f64>kind);
  if (!first) store<f64>(record, 1, 8);
  store<f64>(record, a, 16);
  store<f64>(record, b, 24);
  store<f64>(record, c, 32);
  store<f64>(record, d, 40);
  store<f64>(record, e, 48);
}

/** Reports a counter that is not what a recount says. */
export function violatedUnless(kind: Violated, counter: f64, recount: f64): void {
  if (counter != recount) violated(kind, counter, recount);
}
