// Two kernel paths that meet: one is stopped after each of its steps in turn, and the other let go.

import { expect } from "vitest";
import type { Scheduler, Actor } from "../../bindings/scenario/scheduler.js";

/** Lets actors run to their ends; one that waits for a lock lets the others go first. */
export function settle(scheduler: Scheduler): void {
  for (let steps = 0; steps < 20_000; steps++) {
    const ready = scheduler.actors.filter((actor) => !actor.done);
    if (ready.length === 0) return;
    scheduler.step(ready.find((actor) => !actor.blocked) ?? ready[steps % ready.length]!);
  }
  throw new Error("the actors do not come to an end");
}

/** Lets the actor go on until it stands where it is wanted. */
export function stepUntil(scheduler: Scheduler, actor: Actor, isThere: () => boolean): void {
  while (!isThere()) {
    if (actor.done) throw new Error(`actor ${actor.name} never gets there`);
    scheduler.step(actor);
  }
}

/** Lets the actor go on until it is about to take its next lock, or the lock at an address. */
export function stepToLock(scheduler: Scheduler, actor: Actor, address?: number): number {
  scheduler.step(actor);
  stepUntil(scheduler, actor, () => {
    return actor.stop?.kind === "lock" && actor.stop.object === (address ?? actor.stop.object);
  });
  return actor.stop!.object;
}

/**
 * Stops the one actor after each of its steps in turn, to let the other run as far as it can, then both to
 * their ends, where the invariants must hold.
 *
 * @param look is called at each of these ends
 * @returns steps of the first
 */
export function interrupt(
  scheduler: Scheduler,
  first: Actor,
  second: Actor,
  look: (stop: number) => void = () => undefined,
): number {
  const start = scheduler.save();
  for (let stop = 0; ; stop++) {
    scheduler.restore(start);
    for (let step = 0; step < stop && !first.done; step++) scheduler.step(first);
    const last = first.done;
    scheduler.finish(second);
    settle(scheduler);
    expect(scheduler.kernel.verify(), `${first.name} interrupted after ${stop} steps`).toEqual([]);
    look(stop);
    if (last) {
      scheduler.restore(start);
      return stop;
    }
  }
}
