// A capture of page faults, one a line.

import { LineError, quoted } from "../scenario/line-error.js";
import { forEachLine } from "./capture-text.js";
import type { CaptureText } from "./capture-text.js";
import type { Clock } from "./clock.js";
import { NO_TID } from "./strace-file.js";

/** What a fault wanted to do. */
export enum FaultAccess {
  Read = 0,
  Write,
  Execute,
}

/** The faults in order of time: fault `i` is element `i` of each array. */
export interface Faults {
  count: number;
  /** Nanoseconds on the capture's clock. */
  times: Float64Array;
  tids: Int32Array;
  /** Addresses in bytes, multiples of 4096. */
  pages: Float64Array;
  access: Uint8Array;
  lines: Uint32Array;
}

/** A capture without faults. */
export const NO_FAULTS: Faults = {
  count: 0,
  times: new Float64Array(0),
  tids: new Int32Array(0),
  pages: new Float64Array(0),
  access: new Uint8Array(0),
  lines: new Uint32Array(0),
};

const FAULT =
  /^(?:(\d{1,9}) +)?(\d{1,12})\.(\d{1,9}) +fault\(0x([0-9a-f]{1,16}), ([rwx]), (?:miss|prot), (?:user|kernel)\)$/;
const FORM = "expected [TID] SEC.FRACTION fault(0xADDRESS, r|w|x, miss|prot, user|kernel)";

/**
 * Reads a capture of page faults.
 * @throws {LineError} naming the line that is malformed
 */
export function parseFaults(capture: CaptureText, clock: Clock): Faults {
  const columns = { times: [], tids: [], pages: [], access: [], lines: [] } as Record<
    keyof Omit<Faults, "count">,
    number[]
  >;
  forEachLine(capture, (line, number, cut) => {
    const match = FAULT.exec(line);
    if (!match) {
      if (cut) return;
      throw new LineError(capture.name, number, `${quoted(line)} is no page fault`, FORM);
    }
    const address = parseInt(match[4] ?? "", 16);
    columns.times.push(clock.at(match[2] ?? "", match[3] ?? ""));
    columns.tids.push(match[1] === undefined ? NO_TID : Number(match[1]));
    columns.pages.push(address - (address % 4096));
    columns.access.push("rwx".indexOf(match[5] ?? "r"));
    columns.lines.push(number);
  });
  return inOrder(columns);
}

function inOrder(columns: Record<keyof Omit<Faults, "count">, number[]>): Faults {
  const { times } = columns;
  const order = Uint32Array.from(times.keys());
  if (times.some((time, index) => time < (times[index - 1] ?? -Infinity))) {
    order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
  }
  const pick = (column: number[]) => (_: unknown, index: number) => column[order[index] ?? 0] ?? 0;
  const length = times.length;
  return {
    count: length,
    times: Float64Array.from({ length }, pick(times)),
    tids: Int32Array.from({ length }, pick(columns.tids)),
    pages: Float64Array.from({ length }, pick(columns.pages)),
    access: Uint8Array.from({ length }, pick(columns.access)),
    lines: Uint32Array.from({ length }, pick(columns.lines)),
  };
}
