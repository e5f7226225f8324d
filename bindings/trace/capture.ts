// A capture from its files.

import { callKind } from "./call-table.js";
import { captureName, readCaptureText } from "./capture-text.js";
import { Clock } from "./clock.js";
import { LineError } from "../scenario/line-error.js";
import { NO_FAULTS, parseFaults } from "./fault-file.js";
import { parseMaps } from "./maps-file.js";
import type { Capture } from "./plan.js";
import { NO_TID, parseStrace, type Strace } from "./strace-file.js";

/** Where the files of a capture are; gzipped or plain. */
export interface CaptureFiles {
  strace: string;
  faults?: string;
  maps?: string;
}

/**
 * Reads a capture.
 * @throws {LineError} when a file cannot be read, a line of it is malformed, or nothing in a file is
 *   about the threads of the calls
 */
export function readCapture({ strace, faults, maps }: CaptureFiles): Capture {
  const clock = new Clock();
  const capture = {
    strace: parseStrace(readCaptureText(strace), clock, callKind),
    faults: faults === undefined ? NO_FAULTS : parseFaults(readCaptureText(faults), clock),
    hasFaults: faults !== undefined,
    snapshots: maps === undefined ? [] : parseMaps(readCaptureText(maps), clock),
    hasMaps: maps !== undefined,
  };
  const known = threadsOf(capture.strace);
  const pids = capture.snapshots.map(({ pid }) => pid);
  const { name } = capture.strace;
  if (maps !== undefined) expectShared(known, pids, name, maps, "snapshot");
  if (faults !== undefined) expectShared(known, capture.faults.tids, name, faults, "page fault");
  return capture;
}

/** Threads with calls of their own, and what calls made, which may be threads without any. */
function threadsOf({ events }: Strace): ReadonlySet<number> {
  const threads = new Set<number>();
  for (const event of events) {
    threads.add(event.tid);
    if (event.kind === "call" && event.result !== null) threads.add(event.result);
  }
  return threads;
}

/** Files of two captures would be replayed without a word, with nothing to compare. */
function expectShared(
  known: ReadonlySet<number>,
  ids: ArrayLike<number>,
  strace: string,
  file: string,
  what: string,
): void {
  // Lines without an id mean the first thread, whichever that is.
  if (ids.length === 0 || known.has(NO_TID)) return;
  if (Array.from(ids).some((id) => id === NO_TID || known.has(id))) return;
  throw new LineError(
    captureName(file),
    0,
    `no ${what} in it is of a thread in ${strace}`,
    "expected files of one capture",
  );
}
