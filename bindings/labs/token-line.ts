// The time line of the swap token: three processes that read from swap one after the other, and what each has.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { lay } from "./ground.js";
import type { Observables } from "./lab.js";

/** Who reads from swap, in this order. */
const READS = {
  /** Nobody has the token: A takes it. B and C read now and then. */
  begin: "AABC",
  /** A sleeps, C reads often, B sooner each time: after 6, 5, 4, 3, 2 and 1 reads. */
  contest: "CCCCCBCCCCBCCCBCCBCBB",
  /** B has exited. */
  withoutB: "CCAC",
  /** Reclaim has taken the token. */
  afterReclaim: "AAACC",
  /** A sleeps for long. */
  long: "C".repeat(256),
} as const;

/** A moment after a read from swap, or after something else that changed the token. */
export interface TokenMoment {
  readonly what: string;
  readonly holder: string;
  readonly states: readonly (readonly [name: string, priority: number, interval: number])[];
}

/** Runs it. @param read swaps a page of a process out and lets it read it back */
export function timeLine(
  kernel: Kernel,
  read: (kernel: Kernel, process: Process) => void,
): { observables: Observables; moments: readonly TokenMoment[] } {
  const all = ["A", "B", "C"].map((name) => {
    const process = kernel.spawn();
    process.name = name;
    lay(process, 0, 1);
    return process;
  });
  const moments: TokenMoment[] = [];
  const last = new Map<string, readonly [string, number, number]>();
  let reads = 0;
  let agings = 0;
  const note = (what: string): void => {
    for (const process of all) {
      if (!process.alive) last.set(process.name, [process.name, 0, 0]);
      else {
        const { priority = 0, interval = 0 } = process.tokenState ?? {};
        last.set(process.name, [process.name, priority, interval]);
      }
    }
    const holder = kernel.swapToken?.holder?.name ?? "nobody";
    moments.push({ what, holder, states: [...last.values()] });
  };
  const run = (order: string): void => {
    for (const name of order) {
      const process = all.find((it) => it.name === name);
      if (!process) continue;
      const holder = kernel.swapToken?.holder;
      const before = holder?.tokenState?.priority ?? 0;
      read(kernel, process);
      reads++;
      const sleeps = holder && holder !== process;
      if (sleeps && (holder.tokenState?.priority ?? 0) < before) agings++;
      note(`read ${reads} by ${name}`);
    }
  };
  run(READS.begin);
  run(READS.contest);
  all[1]?.exit();
  note("B exits");
  run(READS.withoutB);
  kernel.reclaim(1000, { background: true });
  note("reclaim at priority 0");
  run(READS.afterReclaim);
  run(READS.long);
  const changes = moments.filter(({ holder }, i) => holder !== moments[i - 1]?.holder);
  const states = moments.at(-1)?.states ?? [];
  return {
    observables: {
      reads,
      holders: changes.map(({ holder }) => holder).join(" "),
      priorities: states.map(([name, priority]) => `${name} ${priority}`).join(", "),
      intervals: states.map(([name, , interval]) => `${name} ${interval}`).join(", "),
      agings,
    },
    moments,
  };
}

function inWords({ holder, states }: TokenMoment): string {
  const each = states.map(([name, priority, interval]) => `${name} ${priority} (${interval})`);
  return `token ${holder}, ${each.join(", ")}`;
}

/** A line a moment; one for all of a stretch in which nothing changes. */
export function toldLine(moments: readonly TokenMoment[]): string[] {
  const lines: string[] = [];
  let same = 0;
  for (const [i, moment] of moments.entries()) {
    const words = inWords(moment);
    const before = moments[i - 1];
    if (before && inWords(before) === words) {
      same++;
      continue;
    }
    if (same > 0) lines.push(`and the same after ${same} more`);
    same = 0;
    lines.push(`${moment.what}: ${words}`);
  }
  if (same > 0) lines.push(`and the same after ${same} more`);
  return ["priority and, in brackets, interval of each:", ...lines];
}
