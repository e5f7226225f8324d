// The rules of the swap token one by one: three processes with a page each, which is swapped out and read back in an
// order that meets them all.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { lay } from "./ground.js";
import type { MakeKernel, Observables, Sight } from "./lab.js";
import { readFromSwap } from "./token-reference.js";

/** Who reads from swap, or what happens else, in this order. */
export const TOKEN_STORY: readonly (
  { readonly reads: string } | { readonly happens: "B exits" | "reclaim at priority 0" }
)[] = [
  // Nobody has the token: A takes it. B and C read now and then.
  { reads: "AABC" },
  // A sleeps, C reads often, B sooner each time: after 6, 5, 4, 3, 2 and 1 reads.
  { reads: "CCCCCBCCCCBCCCBCCBCBB" },
  { happens: "B exits" },
  { reads: "CCAC" },
  { happens: "reclaim at priority 0" },
  { reads: "AAACC" },
  // A sleeps for long.
  { reads: "C".repeat(256) },
];

/** What things are like after a read from swap, or after something else. */
interface TokenMoment {
  /** The read's number and who made it, or else what happened. */
  readonly read: number | null;
  readonly what: string;
  readonly holder: string;
  readonly states: readonly (readonly [name: string, priority: number, interval: number])[];
}

/** The three processes, and what they have seen. */
class TokenStory {
  readonly moments: TokenMoment[] = [];
  readonly #all: readonly Process[];
  #reads = 0;
  #halved = 0;

  constructor(private readonly kernel: Kernel) {
    this.#all = ["A", "B", "C"].map((name) => {
      const process = kernel.spawn();
      process.name = name;
      lay(process, 0, 1);
      return process;
    });
  }

  read(name: string): void {
    const process = this.#named(name);
    const before = this.kernel.swapToken;
    readFromSwap(this.kernel, process);
    this.#reads++;
    const now = this.kernel.swapToken;
    const stays = now !== null && now.holder === before?.holder;
    if (stays && now.lastAging !== before.lastAging) this.#halved++;
    this.#note(this.#reads, name);
  }

  happens(what: "B exits" | "reclaim at priority 0"): void {
    if (what === "B exits") this.#named("B").exit();
    else this.kernel.reclaim(1000, { background: true });
    this.#note(null, what);
  }

  observables(): Observables {
    const { moments } = this;
    const holders = moments
      .map(({ holder }) => holder)
      .filter((holder, i, all) => holder !== all[i - 1]);
    const states = moments.at(-1)?.states ?? [];
    return {
      readsFromSwap: this.#reads,
      tokenHolders: holders.join(" "),
      timesHalved: this.#halved,
      lastPriorities: states.map(([name, priority]) => `${name} ${priority}`).join(", "),
      lastIntervals: states.map(([name, , interval]) => `${name} ${interval}`).join(", "),
    };
  }

  #named(name: string): Process {
    const found = this.#all.find((process) => process.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  #note(read: number | null, what: string): void {
    const states = this.#all.map((process) => {
      const { priority = 0, interval = 0 } = (process.alive ? process.tokenState : null) ?? {};
      return [process.name, priority, interval] as const;
    });
    const holder = this.kernel.swapToken?.holder?.name ?? "nobody";
    this.moments.push({ read, what, holder, states });
  }
}

function inWords({ holder, states }: TokenMoment): string {
  const each = states.map(([name, priority, interval]) => `${name} ${priority} (${interval})`);
  return `token ${holder}, ${each.join(", ")}`;
}

function when(first: TokenMoment, last: TokenMoment): string {
  if (first.read === null) return first.what;
  const reads = first === last ? `read ${first.read}` : `reads ${first.read} to ${last.read}`;
  return `${reads} by ${first.what}`;
}

/** A line a moment; one for all reads of a process in a row that change nothing more. */
function told(moments: readonly TokenMoment[]): string[] {
  const lines: string[] = [];
  let first = 0;
  for (const [i, moment] of moments.entries()) {
    const next = moments[i + 1];
    const goesOn = next !== undefined && next.what === moment.what;
    if (goesOn && inWords(next) === inWords(moment)) continue;
    lines.push(`${when(moments[first] ?? moment, moment)}: ${inWords(moment)}`);
    first = i + 1;
  }
  return ["the priority of each, and in brackets its interval", ...lines];
}

/** The story on a kernel of a side. */
export async function tokenStory(makeKernel: MakeKernel): Promise<Sight> {
  const kernel = await makeKernel({ frames: 64, swap: 64 });
  const story = new TokenStory(kernel);
  for (const part of TOKEN_STORY) {
    if ("happens" in part) story.happens(part.happens);
    else for (const name of part.reads) story.read(name);
  }
  return {
    observables: story.observables(),
    shown: kernel.swapToken === null ? [] : told(story.moments),
  };
}
