// Processes that thrash: each goes over its pages again and again, and together they have more of them than there is
// memory for. Whoever has to wait for a page from swap lets the others go on, and is inside its fault until its next turn.

/** The load, chosen so that one process fits into memory and two do not. */
export const LOAD = {
  processes: 3,
  /** Of each process. */
  pages: 160,
  /** For all of them together. */
  memory: 256,
  /** After so many touches a process is done, and exits. */
  touches: 2000,
  /** Touches in a turn of a process that does not have to wait. */
  slice: 64,
} as const;

/** Who has the token, and each process's priority for it. */
export interface TokenView {
  readonly holder: number | null;
  readonly priorities: readonly number[];
  /** Changes when the holder's priority is halved, and with a new holder. */
  readonly agedAt: number;
}

/** What the load runs on: processes by number, with their pages by number. */
export interface ThrashGround {
  /** Did it have to be read from swap? */
  touch(process: number, page: number): boolean;
  /** The process stays inside its fault, and comes out of it. */
  wait(process: number): void;
  goOn(process: number): void;
  exit(process: number): void;
  token(): TokenView;
}

/** What things are like after a read from swap, or an exit. */
export interface ThrashMoment {
  /** Reads from swap so far. */
  readonly reads: number;
  readonly holder: number | null;
  /** Touches that each process has made. */
  readonly touches: readonly number[];
  readonly priorities: readonly number[];
  /** What changed, if more than these numbers. */
  readonly news:
    | { readonly kind: "taken" | "exit"; readonly process: number }
    | { readonly kind: "halved"; readonly process: number; readonly from: number }
    | null;
}

/** What a load has come to. */
export interface ThrashRun {
  readonly readsOf: readonly number[];
  readonly moments: readonly ThrashMoment[];
}

interface Runner {
  touches: number;
  reads: number;
  waits: boolean;
}

/** Runs the load to its end, the processes in turns. */
export function thrash(ground: ThrashGround): ThrashRun {
  const runners = Array.from({ length: LOAD.processes }, (): Runner => {
    return { touches: 0, reads: 0, waits: false };
  });
  const moments: ThrashMoment[] = [];
  let seen = ground.token();
  const note = (exit: number | null): void => {
    const now = ground.token();
    moments.push({
      reads: runners.reduce((sum, { reads }) => sum + reads, 0),
      holder: now.holder,
      touches: runners.map(({ touches }) => touches),
      priorities: now.priorities,
      news: exit === null ? newsBetween(seen, now) : { kind: "exit", process: exit },
    });
    seen = now;
  };
  const turn = (runner: Runner, process: number): void => {
    if (runner.waits) ground.goOn(process);
    runner.waits = false;
    for (let left = LOAD.slice; left > 0 && runner.touches < LOAD.touches; left--) {
      const read = ground.touch(process, runner.touches % LOAD.pages);
      runner.touches++;
      if (!read) continue;
      runner.reads++;
      note(null);
      runner.waits = runner.touches < LOAD.touches;
      break;
    }
    if (runner.waits) ground.wait(process);
    if (runner.touches < LOAD.touches) return;
    ground.exit(process);
    note(process);
  };
  while (runners.some(({ touches }) => touches < LOAD.touches)) {
    for (const [process, runner] of runners.entries()) {
      if (runner.touches < LOAD.touches) turn(runner, process);
    }
  }
  return { readsOf: runners.map(({ reads }) => reads), moments };
}

function newsBetween(before: TokenView, now: TokenView): ThrashMoment["news"] {
  const { holder, agedAt } = now;
  if (holder === null) return null;
  if (holder !== before.holder) return { kind: "taken", process: holder };
  if (agedAt === before.agedAt) return null;
  return { kind: "halved", process: holder, from: before.priorities[holder] ?? 0 };
}
