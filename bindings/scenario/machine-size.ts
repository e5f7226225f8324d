// How large a machine a script needs.

import type { Script } from "./script.js";

/** Sizes for createKernel. */
export interface MachineSize {
  /** Page frames. */
  readonly frames: number;
  /** Most bytes of linear memory. */
  readonly memory: number;
}

const SPARE_FRAMES = 4096;
/** Room for millions of VMAs, and an end to a script that forks without one. */
const MEMORY = 2 ** 29;

/**
 * A machine that is large enough for a script. A read or a write takes at most two frames: the page of
 * the file, and its private copy.
 */
export function machineFor(script: Script): MachineSize {
  const touches = script.operations.filter(({ op }) => op === "read" || op === "write").length;
  return { frames: SPARE_FRAMES + 2 * touches, memory: MEMORY };
}
