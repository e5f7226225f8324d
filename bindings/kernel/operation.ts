import { MapFlag, MremapFlag, Op } from "../../assembly/abi.js";
import { KernelError } from "../core/kernel-error.js";
import type { Context } from "./context.js";
import type { File } from "./file.js";
import type { Held } from "./held.js";
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
  readonly shared?: boolean;
  /** Without a file the memory is anonymous. */
  readonly file?: File;
  /** What of the file it shows at its start, in pages. Default 0. */
  readonly pgoff?: number;
  /** Exactly at `address`, replacing what is there; "no-replace" fails with EEXIST instead. */
  readonly fixed?: boolean | "no-replace";
  readonly growsDown?: boolean;
  readonly noReserve?: boolean;
  /** Locked and made present at once (MAP_LOCKED). */
  readonly locked?: boolean;
  /** With growsDown: the stack that exec is still setting up, which migration leaves alone. */
  readonly stackSetup?: boolean;
}

/** Options of mremap. */
export interface MremapOptions {
  /** Default true, unlike the system call's. */
  readonly mayMove?: boolean;
  /** Exactly there, replacing what is there. */
  readonly to?: number;
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
  | "unmergeable";

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
];

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

export function putMmap(put: Put, context: Context, process: Held, o: MmapOptions): void {
  let flags = 0;
  if (o.shared) flags |= MapFlag.Shared;
  if (o.fixed === "no-replace") flags |= MapFlag.FixedNoReplace;
  else if (o.fixed) flags |= MapFlag.Fixed;
  if (o.growsDown) flags |= MapFlag.GrowsDown;
  if (o.noReserve) flags |= MapFlag.NoReserve;
  if (o.locked) flags |= MapFlag.Locked;
  if (o.stackSetup) flags |= MapFlag.StackSetup;
  const prot = protBits(o.prot ?? "rw", "mmap");
  const file = o.file ? o.file.handleIn(context) : 0;
  const task = process.handleIn(context);
  put(Op.Mmap, task, o.address ?? 0, o.length, prot, flags, file, o.pgoff ?? 0);
}

export function putMprotect(
  put: Put,
  context: Context,
  process: Held,
  address: number,
  length: number,
  prot: Prot,
): void {
  put(Op.Mprotect, process.handleIn(context), address, length, protBits(prot, "mprotect"));
}

export function putMremap(
  put: Put,
  context: Context,
  process: Held,
  address: number,
  oldLength: number,
  newLength: number,
  o: MremapOptions,
): void {
  let flags = o.mayMove === false && o.to === undefined ? 0 : MremapFlag.MayMove;
  if (o.to !== undefined) flags |= MremapFlag.Fixed;
  put(Op.Mremap, process.handleIn(context), address, oldLength, newLength, flags, o.to ?? 0);
}

export function putMadvise(
  put: Put,
  context: Context,
  process: Held,
  address: number,
  length: number,
  advice: Advice,
): void {
  const code = advices.indexOf(advice);
  if (code < 0) {
    const accepted = advices.join(", ");
    throw new KernelError("EINVAL", "madvise", `advice is "${advice}", accepted: ${accepted}`);
  }
  put(Op.Madvise, process.handleIn(context), address, length, code);
}
