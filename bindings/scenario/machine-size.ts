// What machine a script needs, and how large.

import type { Arch, HugePagePolicy } from "../kernel/options.js";
import { HUGE_PAGES } from "../../assembly/abi/unit.js";
import type { Operation, OperationName } from "./operation.js";
import type { Script } from "./script.js";

/** Kind and sizes for createKernel. */
export interface MachineSize {
  readonly arch: Arch;
  /** Page frames. */
  readonly frames: number;
  /** Most bytes of linear memory. */
  readonly memory: number;
}

const SPARE_FRAMES = 4096;
/** Room beside the frames for millions of VMAs, and an end to a script that forks without one. */
const MEMORY = 2 ** 29;

/** What may take frames of its own, and how many at most: the page of a file, and its private copy. */
const TAKES: Partial<Record<OperationName, number>> = {
  read: 2,
  write: 2,
  "device-read": 2,
  "device-write": 2,
  "file-read": 1,
  "file-write": 1,
};

/** Most frames that are given for pages made present by locking or remapping: a script may lock its whole arena. */
const MAX_LOCKED = 262_144;

/** Most frames that are given for huge pages. */
const MAX_HUGE = 262_144;

/** What a frame takes of the memory of a machine at most, in bytes. */
const FRAME_BYTES = 64;

/** What of a machine is said beforehand. */
export interface SaidOfMachine {
  readonly frames?: number | undefined;
  /** Where faults make huge pages, `madvise` if nothing is said. */
  readonly thp?: HugePagePolicy | undefined;
}

/** A machine that is large enough for a script, or as large as is said. */
export function machineFor(script: Script, said: SaidOfMachine = {}): MachineSize {
  const frames = said.frames ?? framesFor(script, said.thp);
  return { arch: script.arch, frames, memory: MEMORY + frames * FRAME_BYTES };
}

/** Rows of frames: of each range that may have huge pages, for each process that may come to have it. */
function framesForHugePages(script: Script, thp: HugePagePolicy): number {
  if (thp === "never") return 0;

  let processes = 0;
  let frames = 0;
  for (const operation of script.operations) {
    if (operation.op === "spawn" || operation.op === "fork") processes++;
    frames += hugeRange(operation, thp);
  }
  return Math.min(frames * processes, MAX_HUGE);
}

/** Frames for the huge pages of a range that may have some from an operation on. */
function hugeRange(operation: Operation, thp: HugePagePolicy): number {
  const count =
    operation.op === "madvise" && operation.advice === "hugepage"
      ? operation.count
      : operation.op === "mmap" && operation.backing === null && thp === "always"
        ? operation.count
        : 0;
  return count && count + 2 * HUGE_PAGES;
}

function framesFor(script: Script, thp: HugePagePolicy = "madvise"): number {
  let frames = SPARE_FRAMES + framesForHugePages(script, thp);
  let locked = 0;
  let pool = 0;
  for (const operation of script.operations) {
    frames += TAKES[operation.op] ?? 0;
    if (operation.op === "exec") frames += operation.stack?.pages ?? 0;
    if (operation.op === "hugepages") pool = Math.max(pool, operation.count);
    if (operation.op === "mlock") locked += 2 * operation.count;
    if (operation.op === "remap_file_pages") locked += operation.count;
    if (operation.op === "mlockall") locked = MAX_LOCKED;
  }
  return frames + Math.min(locked, MAX_LOCKED) + pool * HUGE_PAGES;
}
