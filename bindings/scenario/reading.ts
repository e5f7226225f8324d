// Numbers of a machine by name: what it has counted, what its statistics say, what its work cost.

import type { Kernel } from "../kernel/kernel.js";
import type { ScriptRunner } from "./runner.js";

/** Numbers by name. */
export type Readings = Readonly<Record<string, number>>;

/** Counters by their names; of locks that were taken, "CLASS taken" and "CLASS steps". */
export type Costs = Readings;

/** Everything that a kernel has counted of its work. */
export function readCosts(kernel: Kernel): Costs {
  const costs: Record<string, number> = { ...kernel.counters };
  const counted = kernel.lockCounters;
  if (counted === null) return costs;
  costs["steps"] = counted.steps;
  for (const [name, { taken, steps }] of Object.entries(counted.locks)) {
    costs[`${name} taken`] = taken;
    costs[`${name} steps`] = steps;
  }
  return costs;
}

/** What was added between two readings. */
export function costsBetween(before: Costs, after: Costs): Costs {
  return Object.fromEntries(
    Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]),
  );
}

/** Two costs as one. */
export function costSum(a: Costs, b: Costs): Costs {
  return Object.fromEntries(
    Object.entries(b).map(([name, count]) => [name, count + (a[name] ?? 0)]),
  );
}

/**
 * /proc/vmstat, and memory.stat of each memory cgroup of the script and of the root; but for its sums of what is below,
 * as that is there too.
 */
export function readStatistics(kernel: Kernel, runner: ScriptRunner): Readings {
  const readings: Record<string, number> = {};
  for (const [name, count] of Object.entries(kernel.vmstat())) readings[`vmstat ${name}`] = count;
  for (const cgroup of [kernel.rootCgroup, ...runner.cgroups]) {
    for (const [name, count] of Object.entries(cgroup.stat())) {
      if (count !== null && !name.startsWith("total_"))
        readings[`memory.stat of ${cgroup.name} ${name}`] = count;
    }
  }
  return readings;
}
