import type { Build } from "../core/core.js";
import { checkOptions, integer, MAX_COUNT, word, type OptionTypes } from "./argument.js";
import { anySwitch, resolveSwitches, switchesOf, type Release, type Switches } from "./releases.js";

/** Kinds of machines. */
export const arches = ["x86-64", "s390x"] as const;
export type Arch = (typeof arches)[number];

/** Values of transparentHugepage, in the order of the core's TransparentHugepage. */
export const hugePagePolicies = ["never", "madvise", "always"] as const;

/** Where huge pages are made. */
export type HugePagePolicy = (typeof hugePagePolicies)[number];

/** What a kernel is made with. Switches override the release's preset. */
export interface KernelOptions extends Partial<Switches> {
  /** Default "v3.7". */
  readonly release?: Release;
  /** Default "release": no assertions, fastest. */
  readonly build?: Build;
  /** What kind of machine it is: an s390x notes what is touched and changed by frame, in storage keys. Default "x86-64". */
  readonly arch?: Arch;
  /** Page frames, 1 to 16,777,215. Default 65,536. */
  readonly frames?: number;
  /** Most bytes of linear memory, 128 KiB to 2 GiB. Default 2 GiB. */
  readonly memory?: number;
  /** VMAs that a process may have, 1 to 2^31-1. Default 65,530. */
  readonly maxMapCount?: number;
  /** Swap in pages, 0 to 2^31-1. Default: as many as frames. */
  readonly swap?: number;
  /** Pages that an address space may lock (RLIMIT_MEMLOCK), 0 to 2^32-1: with 0 even asking is EPERM. Default: 2^32-1, no limit. */
  readonly memlock?: number;
  /** Pages that a stack may have (RLIMIT_STACK), 0 to 2^32-1, which is no limit. Default 2,048: 8 MiB. */
  readonly stack?: number;
  /** Where huge pages are made: "never", "madvise" (where it asked for them), "always". Default "madvise". */
  readonly transparentHugepage?: HugePagePolicy;
  /** Huge pages of 512 frames in the pool of `hugetlb` (nr_hugepages), 0 to 2^31-1. Default 0. */
  readonly hugePages?: number;
}

/** All switches and sizes of a kernel. */
export interface ResolvedOptions extends Switches {
  readonly arch: Arch;
  readonly frames: number;
  readonly memory: number;
  readonly maxMapCount: number;
  readonly swap: number;
  readonly memlock: number;
  readonly stack: number;
  readonly transparentHugepage: HugePagePolicy;
  readonly hugePages: number;
}

/** Most page frames of a kernel. */
export const MAX_FRAMES = 2 ** 24 - 1;
const MIN_MEMORY = 2 ** 17;
const MAX_MEMORY = 2 ** 31;
/** Most pages of swap. */
export const MAX_SWAP = MAX_COUNT;
/** Most pages that a limit can allow: as good as none. */
export const UNLIMITED = 2 ** 32 - 1;
/** Linux's default: 8 MiB. */
const STACK_PAGES = 2048;
const CALL = "createKernel";

const kernelOptions: OptionTypes<KernelOptions> = {
  release: "any",
  ...anySwitch,
  build: "any",
  arch: "any",
  frames: "any",
  memory: "any",
  maxMapCount: "any",
  swap: "any",
  memlock: "any",
  stack: "any",
  transparentHugepage: "any",
  hugePages: "any",
};

/** Huge pages of the pool. @throws KernelError EINVAL */
export function poolSize(call: string, pages: number): number {
  return integer(call, "hugePages", pages, 0, MAX_COUNT);
}

/** @throws KernelError EINVAL, naming the option and what is accepted */
export function resolveOptions(options: KernelOptions): ResolvedOptions {
  checkOptions(CALL, options, kernelOptions);
  const { release = "v3.7", frames = 65536, memory = MAX_MEMORY, maxMapCount = 65530 } = options;
  const { swap = frames, memlock = UNLIMITED, stack = STACK_PAGES, hugePages = 0 } = options;
  const arch = word(CALL, "arch", options.arch ?? "x86-64", arches);
  return {
    ...resolveSwitches(release, switchesOf(options)),
    arch,
    frames: integer(CALL, "frames", frames, 1, MAX_FRAMES),
    memory: integer(CALL, "memory", memory, MIN_MEMORY, MAX_MEMORY),
    maxMapCount: integer(CALL, "maxMapCount", maxMapCount, 1, MAX_COUNT),
    swap: integer(CALL, "swap", swap, 0, MAX_SWAP),
    memlock: integer(CALL, "memlock", memlock, 0, UNLIMITED),
    stack: integer(CALL, "stack", stack, 0, UNLIMITED),
    transparentHugepage: word(
      CALL,
      "transparentHugepage",
      options.transparentHugepage ?? "madvise",
      hugePagePolicies,
    ),
    hugePages: poolSize(CALL, hugePages),
  };
}
