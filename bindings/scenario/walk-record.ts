// A walk of the reverse map as `rmaplab run --trace-walk` tells it: with names and page numbers of the script.

import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { LockCount } from "../kernel/lock-counters.js";
import type { WalkTrace } from "../kernel/walk-trace.js";
import type { FoundEntry, VmaOffer, WalkDeed, WalkName } from "../kernel/walk-words.js";
import { ARENA_BASE, pageOf } from "./arena.js";

/** Offset of memory that is first touched at the beginning of the arena. */
const ARENA_OFFSET = ARENA_BASE / PAGE_SIZE;

/** One thing that happened in a walk; pages are [first, one after the last]. */
export type WalkRecordStep =
  | {
      readonly node: string;
      readonly pages: readonly [number, number];
      /** First and last: what the index is ordered by. */
      readonly offsets: readonly [number, number];
    }
  /** A part of a nonlinear VMA, which is gone through whatever it shows. */
  | { readonly cluster: string; readonly pages: readonly [number, number] }
  | { readonly vma: VmaOffer; readonly page: number | null }
  | { readonly entry: number; readonly found: FoundEntry; readonly bits: readonly EntryBit[] }
  | { readonly did: WalkDeed }
  | { readonly lock: string; readonly for: string }
  | { readonly busy: string; readonly for: string }
  | { readonly unlock: string; readonly steps: number };

/** Bits of an entry. */
export type EntryBit = "young" | "dirty" | "writable";

/** One walk. */
export interface WalkRecord {
  /** Line of the operation that made it; null for the walk that was asked for at the end. */
  readonly line: number | null;
  readonly walk: WalkName;
  readonly page: {
    readonly kind: WalkTrace["kind"];
    /** Name of the file that it is of. */
    readonly file: string | null;
    readonly offset: number;
    readonly mapcount: number;
  };
  readonly steps: readonly WalkRecordStep[];
  /** What it returned; null if its end was not kept. */
  readonly result: number | string | null;
  readonly nodesVisited: number;
  readonly nodesTouched: number;
  readonly irrelevantVmas: number;
  readonly entriesChecked: number;
  /** Steps that its path took. */
  readonly stepsPassed: number;
  readonly locks: Readonly<Record<string, LockCount>>;
}

/** Names for what a trace has numbers for. */
export interface WalkNames {
  /** The process to whom an address space belongs. */
  process(mm: number): string;
  file(inode: number): string;
}

/** Offsets of anonymous memory are addresses, which scripts count from the beginning of their arena. */
function offset(pgoff: number): number {
  return pgoff < ARENA_OFFSET ? pgoff : pgoff - ARENA_OFFSET;
}

function recordStep(step: WalkTrace["steps"][number], names: WalkNames): WalkRecordStep {
  switch (step.step) {
    case "node":
      return {
        node: names.process(step.mm),
        pages: [pageOf(step.start), pageOf(step.end)],
        offsets: [offset(step.first), offset(step.last)],
      };
    case "vma":
      return { vma: step.offer, page: step.address === null ? null : pageOf(step.address) };
    case "cluster":
      return { cluster: names.process(step.mm), pages: [pageOf(step.start), pageOf(step.end)] };
    case "entry": {
      const bits = (["young", "dirty", "writable"] as const).filter((bit) => step[bit]);
      return { entry: pageOf(step.address), found: step.found, bits };
    }
    case "did":
      return { did: step.deed };
    case "lock":
      return { lock: step.lock, for: step.purpose };
    case "busy":
      return { busy: step.lock, for: step.purpose };
    case "unlock":
      return { unlock: step.lock, steps: step.held };
  }
}

/** The record of a trace. */
export function recordWalk(trace: WalkTrace, line: number | null, names: WalkNames): WalkRecord {
  const { walk, kind, inode, index, mapcount, result, cost } = trace;
  const { nodesVisited, nodesTouched, irrelevantVmas, entriesChecked } = cost;
  return {
    line,
    walk,
    page: { kind, file: inode === 0 ? null : names.file(inode), offset: offset(index), mapcount },
    steps: trace.steps.map((step) => recordStep(step, names)),
    result,
    ...{ nodesVisited, nodesTouched, irrelevantVmas, entriesChecked },
    stepsPassed: cost.steps,
    locks: cost.locks,
  };
}
