// A capture from its files.

import { callKind } from "./call-table.js";
import { readCaptureText } from "./capture-text.js";
import { Clock } from "./clock.js";
import { NO_FAULTS, parseFaults } from "./fault-file.js";
import { parseMaps } from "./maps-file.js";
import type { Capture } from "./plan.js";
import { parseStrace } from "./strace-file.js";

/** Where the files of a capture are; gzipped or plain. */
export interface CaptureFiles {
  strace: string;
  faults?: string;
  maps?: string;
}

/**
 * Reads a capture.
 * @throws {LineError} when a file cannot be read or a line of it is malformed
 */
export function readCapture({ strace, faults, maps }: CaptureFiles): Capture {
  const clock = new Clock();
  return {
    strace: parseStrace(readCaptureText(strace), clock, callKind),
    faults: faults === undefined ? NO_FAULTS : parseFaults(readCaptureText(faults), clock),
    hasFaults: faults !== undefined,
    snapshots: maps === undefined ? [] : parseMaps(readCaptureText(maps), clock),
    hasMaps: maps !== undefined,
  };
}
