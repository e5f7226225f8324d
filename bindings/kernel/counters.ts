import { Counter } from "../../assembly/abi/counter.js";
import { COUNTERS_AT } from "../../assembly/abi/memory.js";
import type { Machine } from "../core/machine.js";

/** Exact counts since the kernel was made or resetCounters(): see Counter in assembly/abi/counter.ts. */
export interface Counters {
  /** Reverse-map walks, and stabs. */
  readonly walks: number;
  /** Index nodes that became the current node of a search. */
  readonly nodesVisited: number;
  /** Index nodes of which any field was read. */
  readonly nodesTouched: number;
  /** VMAs that a walk was handed and that do not hold the page. */
  readonly irrelevantVmas: number;
  /** Page-table entries looked up by walks. */
  readonly entriesChecked: number;
  /** Key comparisons by insertions. */
  readonly comparisons: number;
  readonly rotations: number;
  /** Subtree maxima that got another value. */
  readonly maximaRewritten: number;
  readonly indexInserts: number;
  readonly indexRemoves: number;
  readonly vmaSplits: number;
  readonly vmaMerges: number;
  readonly anonVmasCreated: number;
  readonly chainsCreated: number;
  readonly faults: number;
  /** Pages copied on write. */
  readonly pagesCopied: number;
  /** Stretches of 32 pages of nonlinear VMAs that try_to_unmap went through. */
  readonly clustersScanned: number;
  /** Dirty pages of disks that were to be written and had no buffers: an oops of XFS. */
  readonly buffersMissing: number;
}

export function readCounters(machine: Machine): Counters {
  const { floats } = machine;
  const count = (counter: Counter): number => floats[COUNTERS_AT / 8 + counter] ?? 0;
  return {
    walks: count(Counter.Walks),
    nodesVisited: count(Counter.NodesVisited),
    nodesTouched: count(Counter.NodesTouched),
    irrelevantVmas: count(Counter.IrrelevantVmas),
    entriesChecked: count(Counter.EntriesChecked),
    comparisons: count(Counter.Comparisons),
    rotations: count(Counter.Rotations),
    maximaRewritten: count(Counter.MaximaRewritten),
    indexInserts: count(Counter.IndexInserts),
    indexRemoves: count(Counter.IndexRemoves),
    vmaSplits: count(Counter.VmaSplits),
    vmaMerges: count(Counter.VmaMerges),
    anonVmasCreated: count(Counter.AnonVmasCreated),
    chainsCreated: count(Counter.ChainsCreated),
    faults: count(Counter.Faults),
    pagesCopied: count(Counter.PagesCopied),
    clustersScanned: count(Counter.ClustersScanned),
    buffersMissing: count(Counter.BuffersMissing),
  };
}
