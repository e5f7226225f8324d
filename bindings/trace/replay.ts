// Replay of a capture: what the calls and faults of real programs do to the reverse map.

import { createKernel } from "../kernel/create-kernel.js";
import type { KernelOptions } from "../kernel/options.js";
import { machineSize } from "./machine-size.js";
import { Plan } from "./plan.js";
import type { Capture } from "./plan.js";
import { ReplayRun } from "./replay-run.js";
import type { FoundViolation, Peak } from "./replay-run.js";
import type { SnapshotDifference } from "./snapshot-checks.js";
import type { Refusal } from "./submission.js";
import { mappedPages, sampleSize, walkCosts } from "./walk-cost.js";
import type { WalkCost } from "./walk-cost.js";

/** How a capture is replayed. */
export interface ReplayOptions {
  /** Check the invariants along the way and at each snapshot. */
  verify?: boolean;
  /** Stops the replay; it rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Told what is being done, and how many steps of how many are. */
  progress?: (what: string, done: number, total: number) => void;
}

/** What a replay gives. `rmaplab replay --json` prints exactly this. */
export interface ReplayResult {
  /** Replayed calls by name; failed ones are not among them. */
  operations: Record<string, number>;
  /** Calls that are not modelled, by name. Empty when the whole capture was replayed. */
  notReplayed: Record<string, number>;
  /** Calls that failed in the capture: nothing to replay. */
  failed: number;
  /** Operations that went otherwise than in the capture. */
  refused: { count: number; details: Refusal[] };
  faults: { replayed: number; signals: number; strangers: number; refused: Record<string, number> };
  /** Ranges that were used before the capture told of them, and their pages. */
  assumed: { ranges: number; pages: number };
  /** Pages made present without a fault, and those that were left for the limit. */
  populated: { pages: number; left: number };
  /** Most VMAs that any one address space had. */
  peakVmas: number;
  /** The state at its largest: VMAs of all address spaces, mapped pages. Its pages are walked. */
  largest: { vmas: number; anonPages: number; filePages: number };
  splits: number;
  merges: number;
  anonVmas: number;
  /** Means per walk in the largest state. */
  walks: WalkCost[];
  maps: {
    /** Exit snapshots that were compared, and those of processes that did not begin in the capture. */
    snapshots: number;
    skipped: number;
    /** Joined ranges of the snapshots. */
    compared: number;
    /** Those that do not agree, and ranges that only the replay has. */
    differences: number;
    /** Places where only the cut between equal neighbours differs. */
    boundaries: number;
    /** Such places for which spec/script.md has the reason. */
    explained: { why: string; count: number }[];
    /** The first differences. */
    details: SnapshotDifference[];
  };
  /** Checks of the invariants, and what they found. */
  verified: number;
  violations: FoundViolation[];
  /** Seconds of the first pass, which replays everything. */
  seconds: number;
}

/**
 * Replays a capture to its end, and twice more to its largest state, once for each index of anonymous memory.
 * @throws {LineError} when an argument of a call is malformed
 */
export async function replay(capture: Capture, options: ReplayOptions = {}): Promise<ReplayResult> {
  const plan = new Plan(capture);
  // A capture tells of faults page by page: advice for huge pages cuts VMAs, and faults make small ones.
  const size = { ...machineSize(capture), transparentHugepage: "never" } as const;
  const kernel = await createKernel(size);
  try {
    const run = new ReplayRun(kernel, plan, {
      verify: options.verify ?? false,
      signal: options.signal,
      progress: (done, total) => options.progress?.("replay", done, total),
    });
    const began = performance.now();
    await run.toEnd();
    const seconds = (performance.now() - began) / 1000;
    const result = summary(run, seconds);
    for (const anonIndex of ["list", "interval-tree"] as const) {
      await walkLargest(plan, { ...size, anonIndex }, run.peak, result, options);
    }
    return result;
  } finally {
    kernel.dispose();
  }
}

async function walkLargest(
  plan: Plan,
  kernelOptions: KernelOptions,
  peak: Peak,
  result: ReplayResult,
  options: ReplayOptions,
): Promise<void> {
  const kernel = await createKernel(kernelOptions);
  try {
    const what = `${kernelOptions.anonIndex ?? ""} at its largest`;
    const run = new ReplayRun(kernel, plan, {
      signal: options.signal,
      progress: (done) => options.progress?.(what, done, Math.max(done, peak.step)),
    });
    await run.toPeak(peak);
    const { anon, file } = mappedPages(kernel, run.machine.addressSpaces());
    const most = sampleSize(peak.vmas);
    result.largest = { vmas: peak.vmas, anonPages: anon.length, filePages: file.length };
    result.walks.push(...walkCosts(kernel, anon, "anon", most));
    // The index of files is the same in both: one measurement is enough.
    if (kernelOptions.anonIndex === "interval-tree") {
      result.walks.push(...walkCosts(kernel, file, "file", most));
    }
  } finally {
    kernel.dispose();
  }
}

function summary(run: ReplayRun, seconds: number): ReplayResult {
  const { machine, checks, faults, kernel } = run;
  const { counts, submission } = machine;
  const { vmaSplits, vmaMerges, anonVmasCreated } = kernel.counters;
  return {
    operations: sorted(counts.operations),
    notReplayed: sorted(counts.notReplayed),
    failed: counts.failed,
    refused: { count: submission.refused, details: submission.refusals },
    faults: { ...faults.counts, refused: sorted(faults.counts.refused) },
    assumed: { ranges: counts.assumedRanges, pages: counts.assumedPages },
    populated: { pages: counts.populatedPages, left: counts.unpopulatedPages },
    peakVmas: kernel.peakMapCount,
    largest: { vmas: run.peak.vmas, anonPages: 0, filePages: 0 },
    splits: vmaSplits,
    merges: vmaMerges,
    anonVmas: anonVmasCreated,
    walks: [],
    maps: {
      snapshots: checks.snapshots,
      skipped: checks.skipped,
      compared: checks.compared,
      differences: checks.differences,
      boundaries: checks.boundaries,
      explained: [...checks.explained].map(([why, count]) => ({ why, count })),
      details: checks.details,
    },
    verified: run.verified,
    violations: run.violations,
    seconds,
  };
}

/** Counts by name, most frequent first. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)));
}
