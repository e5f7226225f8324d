import { MapFlag, MremapFlag, RemapFlag } from "../../assembly/abi/argument.js";
import { Op } from "../../assembly/abi/operation.js";
import {
  checkOptions,
  integer,
  MAX_COUNT,
  numeric,
  refused,
  type OptionTypes,
} from "./argument.js";
import type { Context } from "./context.js";
import { File } from "./file.js";
import { protBits, type Prot } from "./prot.js";

// What Process and Batch encode alike: each function fills one submission through `put`.

/** Options of mmap. */
export interface MmapOptions {
  /** Bytes, rounded up to pages. */
  readonly length: number;
  /** Where; without `fixed` a hint. */
  readonly address?: number;
  /** Default "rw". */
  readonly prot?: Prot;
  /** Default false: private. */
  readonly shared?: boolean;
  /** Without a file the memory is anonymous. */
  readonly file?: File;
  /** What of the file it shows at its start, in pages. Default 0. */
  readonly pgoff?: number;
  /** Exactly at `address`, replacing what is there; "no-replace" fails with EEXIST instead. */
  readonly fixed?: boolean | "no-replace";
  /** A stack: it grows down to what is touched below it (MAP_GROWSDOWN). */
  readonly growsDown?: boolean;
  /** Without VM_ACCOUNT (MAP_NORESERVE). */
  readonly noReserve?: boolean;
  /** Locked and made present at once (MAP_LOCKED). */
  readonly locked?: boolean;
  /** With growsDown: the stack that exec is still setting up, which migration leaves alone. */
  readonly stackSetup?: boolean;
  /** In huge pages of the pool, without a file (MAP_HUGETLB). */
  readonly hugetlb?: boolean;
}

/** Options of mremap. */
export interface MremapOptions {
  /** Default true, unlike the system call's. */
  readonly mayMove?: boolean;
  /** Exactly there, replacing what is there. */
  readonly to?: number;
}

/** Options of remapFilePages. */
export interface RemapOptions {
  /** Leaves the pages to be faulted in (MAP_NONBLOCK). Default false: those that can be had are made present. */
  readonly nonBlock?: boolean;
}

/** What madvise accepts. */
export type Advice =
  | "normal"
  | "random"
  | "sequential"
  | "willneed"
  | "dontneed"
  | "dontfork"
  | "dofork"
  | "mergeable"
  | "unmergeable"
  | "hugepage"
  | "nohugepage";

const advices: readonly Advice[] = [
  "normal",
  "random",
  "sequential",
  "willneed",
  "dontneed",
  "dontfork",
  "dofork",
  "mergeable",
  "unmergeable",
  "hugepage",
  "nohugepage",
];

/** Where the heap begins unless one says so: as for a program loaded at its usual place. */
export const DEFAULT_HEAP = 0x555555600000;
/** Where a stack ends unless one says so: 32 MiB below the end of all addresses. */
export const DEFAULT_STACK_TOP = 0x7ffffdfff000;

/** Options of exec. */
export interface ExecOptions {
  /** Where the heap begins. Default DEFAULT_HEAP. */
  readonly brk?: number;
  /** The stack that exec makes. Without it the address space is empty. */
  readonly stack?: StackOptions;
}

/** The stack that exec makes, with the arguments of the program at its end. */
export interface StackOptions {
  /** Pages of arguments, 1 to 2^31-1. The last page has the word 1, the one below it 2, and so on. */
  readonly pages: number;
  /** Where it ends: a multiple of 4096. Default 0x7ffffdfff000. */
  readonly top?: number;
  /** Whether its pages may be executed. Default false. */
  readonly executable?: boolean;
}

/** Takes an operation's number and arguments: Machine.put with the record already chosen. */
export type Put = (
  op: Op,
  a?: number,
  b?: number,
  c?: number,
  d?: number,
  e?: number,
  f?: number,
  g?: number,
) => void;

const mmapOptions: OptionTypes<MmapOptions> = {
  length: "number",
  address: "number",
  prot: "any",
  shared: "flag",
  file: "any",
  pgoff: "number",
  fixed: "any",
  growsDown: "flag",
  noReserve: "flag",
  locked: "flag",
  stackSetup: "flag",
  hugetlb: "flag",
};

function fixedFlag(fixed: MmapOptions["fixed"]): number {
  if (fixed === "no-replace") return MapFlag.FixedNoReplace;
  if (fixed === true) return MapFlag.Fixed;
  if (fixed === false || fixed === undefined) return 0;
  throw refused("mmap", "fixed", fixed, "true, false, no-replace");
}

/** mmap of a task. @throws KernelError EINVAL for what is no such option, ESTALE */
export function putMmap(put: Put, context: Context, task: number, o: MmapOptions): void {
  checkOptions("mmap", o, mmapOptions);
  let flags = fixedFlag(o.fixed);
  if (o.shared) flags |= MapFlag.Shared;
  if (o.growsDown) flags |= MapFlag.GrowsDown;
  if (o.noReserve) flags |= MapFlag.NoReserve;
  if (o.locked) flags |= MapFlag.Locked;
  if (o.stackSetup) flags |= MapFlag.StackSetup;
  if (o.hugetlb) flags |= MapFlag.Hugetlb;
  const prot = protBits(o.prot === undefined ? "rw" : o.prot, "mmap");
  const file = o.file === undefined ? 0 : File.handleOf(context, o.file, "mmap", "file");
  const length = numeric("mmap", "length", o.length);
  put(Op.Mmap, task, o.address ?? 0, length, prot, flags, file, o.pgoff ?? 0);
}

/** mprotect of a task. @throws KernelError EINVAL for what can't be encoded */
export function putMprotect(
  put: Put,
  task: number,
  address: number,
  length: number,
  prot: Prot,
): void {
  numeric("mprotect", "address", address);
  numeric("mprotect", "length", length);
  put(Op.Mprotect, task, address, length, protBits(prot, "mprotect"));
}

const mremapOptions: OptionTypes<MremapOptions> = { mayMove: "flag", to: "number" };

/** mremap of a task. @throws KernelError EINVAL for what can't be encoded */
export function putMremap(
  put: Put,
  task: number,
  address: number,
  oldLength: number,
  newLength: number,
  o: MremapOptions,
): void {
  numeric("mremap", "address", address);
  numeric("mremap", "oldLength", oldLength);
  numeric("mremap", "newLength", newLength);
  checkOptions("mremap", o, mremapOptions);
  let flags = o.mayMove === false && o.to === undefined ? 0 : MremapFlag.MayMove;
  if (o.to !== undefined) flags |= MremapFlag.Fixed;
  put(Op.Mremap, task, address, oldLength, newLength, flags, o.to ?? 0);
}

const remapOptions: OptionTypes<RemapOptions> = { nonBlock: "flag" };

/** remap_file_pages of a task. @throws KernelError EINVAL for what can't be encoded */
export function putRemap(
  put: Put,
  task: number,
  address: number,
  length: number,
  pgoff: number,
  o: RemapOptions,
): void {
  numeric("remapFilePages", "address", address);
  numeric("remapFilePages", "length", length);
  numeric("remapFilePages", "pgoff", pgoff);
  checkOptions("remapFilePages", o, remapOptions);
  put(Op.RemapFilePages, task, address, length, pgoff, o.nonBlock ? RemapFlag.NonBlock : 0);
}

/** madvise of a task. @throws KernelError EINVAL for what can't be encoded */
export function putMadvise(
  put: Put,
  task: number,
  address: number,
  length: number,
  advice: Advice,
): void {
  numeric("madvise", "address", address);
  numeric("madvise", "length", length);
  const code = advices.indexOf(advice);
  if (code < 0) throw refused("madvise", "advice", advice, advices.join(", "));
  put(Op.Madvise, task, address, length, code);
}

const execOptions: OptionTypes<ExecOptions> = { brk: "number", stack: "any" };
const stackOptions: OptionTypes<StackOptions> = {
  pages: "number",
  top: "number",
  executable: "flag",
};

/** exec of a task. @throws KernelError EINVAL for what can't be encoded */
export function putExec(put: Put, task: number, options: ExecOptions): void {
  checkOptions("exec", options, execOptions);
  const { brk = DEFAULT_HEAP, stack } = options;
  integer("exec", "brk", brk);
  if (stack === undefined) {
    put(Op.Exec, task, brk);
    return;
  }
  checkOptions("exec", stack, stackOptions, "stack");
  const { pages, top = DEFAULT_STACK_TOP, executable = false } = stack;
  integer("exec", "stack.pages", pages, 1, MAX_COUNT);
  integer("exec", "stack.top", top);
  put(Op.Exec, task, brk, pages, top, executable ? 1 : 0);
}
