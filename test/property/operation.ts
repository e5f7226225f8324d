import type { Advice } from "../model/change-call.js";
import type { Protection } from "../model/flags.js";

/** The arena's first page: the same place that scripts call page 0. */
export const ARENA_PAGE = 0x200000000;
export const PAGE = 4096;

/**
 * One operation with all its values. Processes, files and cgroups are numbers in order of birth, places are bytes,
 * `pages` and `pgoff` are pages.
 */
export type Operation =
  | CgroupOperation
  | { readonly op: "spawn"; readonly cgroup: number }
  | FileCreation
  | { readonly op: "open"; readonly file: number }
  | { readonly op: "close"; readonly file: number }
  | FileOperation
  | MachineOperation
  | { readonly op: "fork"; readonly process: number; readonly shareMemory: boolean }
  | {
      readonly op: "exec";
      readonly process: number;
      readonly brk: number;
      /** Where the stack ends, and pages of arguments; null: none. */
      readonly stack: { readonly top: number; readonly pages: number } | null;
    }
  | { readonly op: "exit" | "hold" | "let-go"; readonly process: number }
  | { readonly op: "move"; readonly process: number; readonly cgroup: number }
  | MmapOperation
  | RangeOperation<"munmap">
  | (RangeOperation<"mprotect"> & { readonly prot: Protection })
  | (RangeOperation<"madvise"> & { readonly advice: Advice })
  | RangeOperation<"mlock">
  | RangeOperation<"munlock">
  | {
      readonly op: "mlockall";
      readonly process: number;
      readonly current: boolean;
      readonly future: boolean;
    }
  | RangeOperation<"swap-out">
  | RangeOperation<"migrate">
  | MremapOperation
  | RemapOperation
  | { readonly op: "brk"; readonly process: number; readonly address: number }
  | PlaceOperation<"read">
  | PlaceOperation<"execute">
  | PlaceOperation<"collapse">
  | (PlaceOperation<"write"> & { readonly word: number })
  | PageOperation
  | { readonly op: "device"; readonly process: number; readonly kind: "kvm" | "rdma" }
  | DeviceOperation;

/** Operations on a memory cgroup: its making, its limit (null: none), what is charged to it as well, and its end. */
export type CgroupOperation =
  | { readonly op: "cgroup"; readonly parent: number; readonly hierarchy: boolean }
  | { readonly op: "limit"; readonly cgroup: number; readonly pages: number | null }
  | { readonly op: "hierarchy"; readonly cgroup: number; readonly on: boolean }
  /** What it counts begins anew: the most there was, and how often the limit was in the way. */
  | { readonly op: "recount" | "empty" | "rmdir"; readonly cgroup: number };

/** Operations of a device, which is a number in order of birth like the rest. */
export type DeviceOperation =
  | { readonly op: "device-read"; readonly device: number; readonly address: number }
  | {
      readonly op: "device-write";
      readonly device: number;
      readonly address: number;
      readonly word: number;
    }
  | { readonly op: "device-detach"; readonly device: number };

export interface FileCreation {
  readonly op: "file";
  readonly pages: number;
  readonly kind: "disk" | "tmpfs" | "ramfs";
  /** Without words of its own: all zeros. */
  readonly zeros: boolean;
}

/** Operations on the page at an address. */
export type PageOperation =
  | PlaceOperation<
      | "try-to-munlock"
      | "page-mkclean"
      | "pin"
      | "unpin"
      | "isolate"
      | "putback"
      | "release-buffers"
      | "test-clear-referenced"
      | "test-clear-changed"
      | "poison"
      | "split"
    >
  | (PlaceOperation<"memory-failure"> & { readonly early: boolean })
  | (PlaceOperation<"page-in-vma"> & {
      /** Whose VMA is asked, and an address in it. */
      readonly other: number;
      readonly within: number;
    })
  /** `by`: whose process does it; null: nobody's. */
  | (PlaceOperation<"shrink"> & { readonly by: number | null })
  | (PlaceOperation<"page-referenced"> & {
      readonly cgroup: number | null;
      readonly by: number | null;
    })
  | (PlaceOperation<"try-to-unmap"> & {
      readonly ignoreAccess: boolean;
      readonly ignoreMlock: boolean;
      readonly ignoreHwpoison: boolean;
    });

/** Operations on what a file holds. */
export type FileOperation =
  | { readonly op: "truncate"; readonly file: number; readonly pages: number }
  | { readonly op: "file-read"; readonly file: number; readonly pgoff: number }
  | {
      readonly op: "file-write";
      readonly file: number;
      readonly pgoff: number;
      readonly word: number;
    }
  | { readonly op: "writeback"; readonly file: number }
  | {
      readonly op: "punch";
      readonly file: number;
      readonly pgoff: number;
      readonly pages: number;
    }
  | {
      readonly op: "invalidate";
      readonly file: number;
      readonly pgoff: number;
      readonly pages: number;
      readonly how: "idle" | "all";
    };

/** Operations on the whole machine. */
export type MachineOperation =
  | { readonly op: "ksm" | "ksm-scan" | "ksm-unmerge" | "khugepaged" }
  /** Forgets of all pages that they were touched. */
  | { readonly op: "take-referenced" }
  /** Back to the last snapshot, as often as it comes. */
  | { readonly op: "snapshot" | "restore" }
  | {
      readonly op: "reclaim";
      readonly pages: number;
      readonly kind: "direct" | "background";
      /** null: all. */
      readonly cgroup: number | null;
      /** Whose process does it; null: nobody's. */
      readonly by: number | null;
    }
  | { readonly op: "io"; readonly hold: boolean }
  | { readonly op: "swapon"; readonly pages: number; readonly priority: number }
  | { readonly op: "swapoff"; readonly area: number };

export interface MmapOperation {
  readonly op: "mmap";
  readonly process: number;
  /** null: the kernel chooses. */
  readonly address: number | null;
  readonly length: number;
  readonly prot: Protection;
  readonly shared: boolean;
  /** null: anonymous. */
  readonly file: number | null;
  readonly pgoff: number;
  readonly fixed: boolean | "no-replace";
  readonly noReserve: boolean;
  readonly locked: boolean;
  readonly growsDown: boolean;
  readonly stackSetup: boolean;
}

export interface MremapOperation {
  readonly op: "mremap";
  readonly process: number;
  readonly address: number;
  readonly length: number;
  readonly newLength: number;
  /** Where to; null: the kernel chooses, if it may. */
  readonly to: number | null;
  readonly mayMove: boolean;
}

export interface RemapOperation {
  readonly op: "remap";
  readonly process: number;
  readonly address: number;
  readonly length: number;
  readonly pgoff: number;
  readonly nonBlock: boolean;
}

interface RangeOperation<Name extends string> {
  readonly op: Name;
  readonly process: number;
  readonly address: number;
  readonly length: number;
}

export interface PlaceOperation<Name extends string> {
  readonly op: Name;
  readonly process: number;
  readonly address: number;
}

/** Operations of one process. */
export type ProcessOperation = Extract<Operation, { readonly process: number }>;

/** What came of it: a value (0 where there is none) or the name of an error. */
export type Outcome = number | string;

/** The outcome of page-in-vma. */
export function inVma(address: number | null, mapped: boolean): Outcome {
  const place = address === null ? "nowhere" : `at ${address}`;
  return mapped ? `mapped ${place}` : address === null ? place : `unmapped ${place}`;
}
