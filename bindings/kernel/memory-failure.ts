// What memory_failure came to, in words.

import {
  FAILED_PAGE_UNIT,
  FailedPage,
  FAILURE_SEQUENCE_UNIT,
  MemoryFailure,
  Signal,
} from "../../assembly/abi/result.js";
import { checkOptions, integer, type OptionTypes } from "./argument.js";
import type { Context } from "./context.js";
import { Page } from "./page.js";
import type { Process } from "./process.js";

/** Options of memoryFailure. */
export interface FailureOptions {
  /**
   * Processes that lose something are told at once (vm.memory_failure_early_kill), and not only when they meet what
   * is left of the page. Default false.
   */
  readonly early?: boolean;
}

const failureOptions: OptionTypes<FailureOptions> = { early: "flag" };

/** The options as an operation's argument. @throws KernelError EINVAL */
export function failureBits(options: FailureOptions): number {
  checkOptions("memoryFailure", options, failureOptions);
  return options.early ? 1 : 0;
}

/** The page, or the frame of a number, as the operation's first arguments. @throws KernelError EINVAL, ESTALE */
export function failureTarget(context: Context, page: Page | number): [number, number] {
  const call = "memoryFailure";
  const { frames } = context.options;
  if (typeof page === "number") return [0, integer(call, "page", page, 1, frames)];
  const accepted = `${Page.accepted}, or the number of a frame, 1 to ${frames}`;
  return [Page.handleOf(context, page, call, "page", accepted), 0];
}

/** What was done about a broken page. */
export type FailureResult = "recovered" | "delayed" | "ignored" | "failed" | "known";

/** What kind of page it was. */
export type FailedKind =
  | "free"
  | "non-LRU"
  | "mapped"
  | "truncated"
  | "dirty swapcache"
  | "clean swapcache"
  | "dirty unevictable"
  | "clean unevictable"
  | "dirty LRU"
  | "clean LRU"
  | "unknown"
  | "huge"
  | "free huge";

const results: Readonly<Record<MemoryFailure, FailureResult>> = {
  [MemoryFailure.Recovered]: "recovered",
  [MemoryFailure.Delayed]: "delayed",
  [MemoryFailure.Ignored]: "ignored",
  [MemoryFailure.Failed]: "failed",
  [MemoryFailure.Known]: "known",
};

const kinds: Readonly<Record<FailedPage, FailedKind>> = {
  [FailedPage.Free]: "free",
  [FailedPage.NonLru]: "non-LRU",
  [FailedPage.Mapped]: "mapped",
  [FailedPage.Truncated]: "truncated",
  [FailedPage.SwapCacheDirty]: "dirty swapcache",
  [FailedPage.SwapCacheClean]: "clean swapcache",
  [FailedPage.UnevictableDirty]: "dirty unevictable",
  [FailedPage.UnevictableClean]: "clean unevictable",
  [FailedPage.LruDirty]: "dirty LRU",
  [FailedPage.LruClean]: "clean LRU",
  [FailedPage.Unknown]: "unknown",
  [FailedPage.Huge]: "huge",
  [FailedPage.FreeHuge]: "free huge",
};

/** What memory_failure came to. */
export interface Failure {
  /**
   * "recovered": the page is out of use; "delayed": it will be when its last user lets go of it; "ignored": nothing
   * could be done; "failed": it is still used; "known": the frame was broken before.
   */
  readonly result: FailureResult;
  /** What kind of page it was: "mapped" could not be unmapped. */
  readonly page: FailedKind;
  /** Who was sent a signal, by pid: process.signal says which. Nobody unless `early`. */
  readonly signalled: readonly Process[];
}

/** What a value of the operation stands for. */
export function failureOf(value: number): Pick<Failure, "result" | "page"> {
  return {
    result: results[(value % FAILED_PAGE_UNIT) as MemoryFailure],
    page: kinds[Math.floor(value / FAILED_PAGE_UNIT) as FailedPage],
  };
}

/** Reads what the operation left: its value and its second one. */
export function readFailure(value: number, extra: number, processes: readonly Process[]): Failure {
  const sequence = Math.floor(extra / FAILURE_SEQUENCE_UNIT);
  const sent = extra % FAILURE_SEQUENCE_UNIT;
  return {
    ...failureOf(value),
    signalled: sent ? processes.filter(({ failure }) => failure === sequence) : [],
  };
}

/** A signal that memory_failure has sent. */
export interface PendingSignal {
  readonly name: "SIGBUS" | "SIGKILL";
  /** Where the process has the page, or had it. */
  readonly address: number;
}

/** The signal of a number; null for none. */
export function signalOf(number: Signal, address: number): PendingSignal | null {
  if (number === Signal.None) return null;
  return { name: number === Signal.Kill ? "SIGKILL" : "SIGBUS", address };
}
