// How large a machine a capture needs.

import { TOUCH_LIMIT } from "./machine.js";
import type { Capture } from "./plan.js";

const SPARE_FRAMES = 4096;
/** 16 GiB of simulated memory: more than fits beside the rest into 2 GiB. */
const MOST_FRAMES = 4 * 1024 * 1024;
const USUAL_MAP_COUNT = 65530;

/** Calls that make pages present without a fault. */
const POPULATING = /^(mlock|mlock2|mlockall)$/;
const POPULATING_ARGUMENT = /MAP_POPULATE|MAP_LOCKED|MADV_POPULATE/;

/** Sizes for createKernel. */
export interface MachineSize {
  /** Page frames. A fault takes at most two: the page of the file, and its private copy. */
  frames: number;
  /** VMAs a process may have: the live kernel's limit is not known, and no captured success reached it. */
  maxMapCount: number;
}

/** The sizes that are enough for a capture, up to a limit. */
export function machineSize({ strace, faults, hasFaults, snapshots }: Capture): MachineSize {
  const ranges = snapshots.reduce((most, { ranges: { length } }) => Math.max(most, length), 0);
  const populates = strace.events.some(
    (event) =>
      event.kind === "call" &&
      (POPULATING.test(event.name) || POPULATING_ARGUMENT.test(event.args)),
  );
  const touched = populates || !hasFaults ? TOUCH_LIMIT : 0;
  return {
    frames: Math.min(MOST_FRAMES, SPARE_FRAMES + 2 * (faults.count + touched)),
    maxMapCount: Math.max(USUAL_MAP_COUNT, ranges + 2 * strace.events.length + 2 * faults.count),
  };
}
