// Snapshots of /proc/PID/maps, each under a line `## exec|exit pid= ts= exe=`.

import { LineError, quoted } from "../scenario/line-error.js";
import { forEachLine } from "./capture-text.js";
import type { CaptureText } from "./capture-text.js";
import type { Clock } from "./clock.js";

/** One line of /proc/PID/maps. */
export interface MapsRange {
  /** Bytes; `end` is the first byte behind. */
  start: number;
  end: number;
  /** As the kernel prints them: `rw-p`. */
  perms: string;
  /** Offset in the file, in pages. */
  pgoff: number;
  /** The file's path, a name in brackets, or an empty text. */
  name: string;
  /** Whether something other than private anonymous memory is mapped. */
  named: boolean;
}

/** The address space of one process at one moment. */
export interface MapsSnapshot {
  kind: "exec" | "exit";
  pid: number;
  /** Nanoseconds on the capture's clock. */
  time: number;
  /** Line of the heading, from 1. */
  line: number;
  exe: string;
  ranges: MapsRange[];
}

const HEADING = /^## (exec|exit) pid=(\d{1,10}) ts=(\d{1,12})\.(\d{1,9})(?: exe=(.*))?$/;
const RANGE =
  /^([0-9a-f]{1,16})-([0-9a-f]{1,16}) ([r-][w-][x-][ps]) ([0-9a-f]{1,16}) [0-9a-f]+:[0-9a-f]+ (\d+)\s*(.*)$/;
const HEADING_FORM = "expected ## exec|exit pid=PID ts=SEC.FRACTION exe=PATH";
const RANGE_FORM = "expected START-END PERMS OFFSET DEV INODE [NAME], as in /proc/PID/maps";
const USER_END = 2 ** 47;

/**
 * Reads the snapshots of a capture, in the order of the file.
 * @throws {LineError} naming the line that is malformed
 */
export function parseMaps(capture: CaptureText, clock: Clock): MapsSnapshot[] {
  const snapshots: MapsSnapshot[] = [];
  forEachLine(capture, (line, number) => {
    if (line.startsWith("##")) {
      snapshots.push(parseHeading(capture.name, line, number, clock));
      return;
    }
    const snapshot = snapshots.at(-1);
    const range = parseRange(line);
    if (!range)
      throw new LineError(capture.name, number, `${quoted(line)} is no range`, RANGE_FORM);
    if (!snapshot) {
      throw new LineError(capture.name, number, "a range without a heading", HEADING_FORM);
    }
    addRange(capture.name, number, snapshot, range);
  });
  return snapshots;
}

/** Whether the range is no mapping of the program's: the kernel places it and the comparison leaves it out. */
export function isSpecial({ name }: { name: string }): boolean {
  return /^\[(stack|vdso|vvar|vsyscall|vectors|sigpage)/.test(name);
}

function parseHeading(file: string, line: string, number: number, clock: Clock): MapsSnapshot {
  const match = HEADING.exec(line);
  if (!match) throw new LineError(file, number, `${quoted(line)} is no heading`, HEADING_FORM);
  return {
    kind: match[1] === "exec" ? "exec" : "exit",
    pid: Number(match[2]),
    time: clock.at(match[3] ?? "", match[4] ?? ""),
    line: number,
    exe: match[5] ?? "",
    ranges: [],
  };
}

function parseRange(line: string): MapsRange | null {
  const match = RANGE.exec(line);
  if (!match) return null;
  const start = parseInt(match[1] ?? "", 16);
  const end = parseInt(match[2] ?? "", 16);
  const offset = parseInt(match[4] ?? "", 16);
  if (start >= end || start % 4096 || end % 4096 || offset % 4096) return null;
  const name = (match[6] ?? "").replaceAll("\\012", "\n");
  return {
    start,
    end,
    perms: match[3] ?? "----",
    pgoff: offset / 4096,
    name,
    named: name !== "" && !name.startsWith("[heap]") && !name.startsWith("[anon:"),
  };
}

function addRange(file: string, number: number, snapshot: MapsSnapshot, range: MapsRange): void {
  const last = snapshot.ranges.at(-1);
  if (last && range.start < last.end) {
    throw new LineError(file, number, "a range below the end of the one before", RANGE_FORM);
  }
  if (range.start < USER_END) {
    if (range.end > USER_END) {
      throw new LineError(file, number, "a range beyond user space", "at most 800000000000");
    }
    snapshot.ranges.push(range);
  }
}
