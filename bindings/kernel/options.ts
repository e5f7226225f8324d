import type { Build } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import { resolveSwitches, type Release, type Switches } from "./releases.js";

/** What a kernel is made with. Switches override the release's preset. */
export interface KernelOptions extends Partial<Switches> {
  /** Default "v3.7". */
  readonly release?: Release;
  /** Default "release": no assertions, fastest. */
  readonly build?: Build;
  /** Page frames, 1 to 16,777,215. Default 65,536. */
  readonly frames?: number;
  /** Most bytes of linear memory, 128 KiB to 2 GiB. Default 2 GiB. */
  readonly memory?: number;
  /** VMAs that a process may have, 1 to 2^31-1. Default 65,530. */
  readonly maxMapCount?: number;
  /** Swap in pages, 0 to 2^31-1. Default: as many as frames. */
  readonly swap?: number;
  /** Pages that an address space may lock (RLIMIT_MEMLOCK), 0 to 2^32-1. Default: all. */
  readonly memlock?: number;
}

/** All switches and sizes of a kernel. */
export interface ResolvedOptions extends Switches {
  readonly frames: number;
  readonly memory: number;
  readonly maxMapCount: number;
  readonly swap: number;
  readonly memlock: number;
}

/** Most page frames of a kernel. */
export const MAX_FRAMES = 2 ** 24 - 1;
const MIN_MEMORY = 2 ** 17;
const MAX_MEMORY = 2 ** 31;
/** Most pages of swap. */
export const MAX_SWAP = 2 ** 31 - 1;
const MAX_COUNT = 2 ** 31 - 1;
/** Most pages that a limit can allow to lock: as good as none. */
export const UNLIMITED = 2 ** 32 - 1;

function inRange(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new KernelError(
    "EINVAL",
    "createKernel",
    `${name} is ${value}, accepted: integers from ${least} to ${most}`,
  );
}

const builds: readonly Build[] = ["release", "checked", "explore", "debug"];

/** @throws KernelError EINVAL, naming what is accepted */
export function resolveBuild(build: Build = "release"): Build {
  if (builds.includes(build)) return build;
  const accepted = builds.join(", ");
  throw new KernelError("EINVAL", "createKernel", `build is "${build}", accepted: ${accepted}`);
}

/** @throws KernelError EINVAL, naming the option and what is accepted */
export function resolveOptions(options: KernelOptions): ResolvedOptions {
  const { release = "v3.7", frames = 65536, memory = MAX_MEMORY, maxMapCount = 65530 } = options;
  const { anonIndex, fileIndex, mremapOrder, vmaAddress } = options;
  const overrides = { anonIndex, fileIndex, mremapOrder, vmaAddress } as Partial<Switches>;
  return {
    ...resolveSwitches(release, overrides),
    frames: inRange("frames", frames, 1, MAX_FRAMES),
    memory: inRange("memory", memory, MIN_MEMORY, MAX_MEMORY),
    maxMapCount: inRange("maxMapCount", maxMapCount, 1, MAX_COUNT),
    swap: inRange("swap", options.swap ?? frames, 0, MAX_SWAP),
    memlock: inRange("memlock", options.memlock ?? UNLIMITED, 0, UNLIMITED),
  };
}
