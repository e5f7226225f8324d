import type { Cgroup } from "../model/cgroup.js";
import type { Machine } from "../model/machine.js";
import { HUGE } from "../model/units.js";
import type { Draws } from "./draws.js";
import type { CgroupOperation } from "./operation.js";

/** Beside the root. */
const MOST = 5;
/** Some are in the way now and then, some hardly ever. */
const LIMITS = [0, 8, 16, 24, 40, 64, null, null, null];
/** With room for some huge pages, where there are such. */
const LARGE_LIMITS = [HUGE, HUGE + 40, 2 * HUGE, 3 * HUGE + 8];
/** Others are that far from what is charged already, at most. */
const NEAR = 10;

/** A cgroup by number, now and then one that was removed. */
export function anyCgroup(draws: Draws, { memory }: Machine): number {
  const { all, living } = memory.cgroups;
  return draws.chance(1, 30) ? draws.below(all.length) : draws.pick(living).number;
}

/** An operation on a cgroup; null where there are none, or too many. */
export function onCgroup(
  op: CgroupOperation["op"],
  draws: Draws,
  machine: Machine,
  huge: boolean,
): CgroupOperation | null {
  const { living } = machine.memory.cgroups;
  if (op === "cgroup") {
    if (living.length > MOST || (living.length > 1 && draws.chance(2, 3))) return null;
    const nested = living.length > 1 && draws.chance(2, 3);
    const parent = nested ? draws.pick(living.slice(1)).number : anyCgroup(draws, machine);
    return { op, parent, hierarchy: draws.chance(2, 3) };
  }
  const others = living.slice(1);
  const charged = others.filter(({ usage }) => usage > 0);
  // The root refuses, which need not be heard often.
  if (op === "hierarchy" && draws.chance(1, 8)) return { op, cgroup: 0, on: draws.chance(1, 2) };
  if (others.length === 0 && draws.chance(19, 20)) return null;
  if (others.length === 0 || draws.chance(1, 20)) return withPages(op, null, draws, machine, huge);
  const mostly = charged.length > 0 && op === "limit" ? charged : others;
  return withPages(op, draws.pick(mostly), draws, machine, huge);
}

/** @param chosen null: any, also the root and what is gone */
function withPages(
  op: Exclude<CgroupOperation["op"], "cgroup">,
  chosen: Cgroup | null,
  draws: Draws,
  machine: Machine,
  huge: boolean,
): CgroupOperation {
  const cgroup = chosen?.number ?? anyCgroup(draws, machine);
  if (op === "hierarchy") return { op, cgroup, on: draws.chance(1, 2) };
  if (op !== "limit") return { op, cgroup };
  const near = Math.max(0, (chosen?.usage ?? 0) - NEAR + draws.below(2 * NEAR));
  const limits = huge && draws.chance(2, 3) ? LARGE_LIMITS : LIMITS;
  return { op, cgroup, pages: draws.chance(1, 2) ? near : draws.pick(limits) };
}
