// Two kernel paths that meet: one is stopped after each of its steps in turn, and the other let go.

import { expect } from "vitest";
import { KernelError } from "../../bindings/index.js";
import type { Scheduler, Actor } from "../../bindings/scenario/scheduler.js";

/** Lets actors run to their ends; one that waits for a lock lets the others go first. */
export function settle(scheduler: Scheduler): void {
  // Where all wait, each gets a turn: who only tries again must not keep the other from seeing that it can go on.
  let turn = 0;
  for (let steps = 0; steps < 20_000; steps++) {
    const ready = scheduler.actors.filter((actor) => !actor.done);
    if (ready.length === 0) return;
    scheduler.step(ready.find((actor) => !actor.blocked) ?? ready[turn++ % ready.length]!);
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

/** What a path, or the machine at its end, has to complain of; null if nothing. */
function complaint(work: () => void, scheduler: Scheduler): string | null {
  try {
    work();
    const violations = scheduler.kernel.verify();
    return violations.length > 0 ? violations.map(({ message }) => message).join("; ") : null;
  } catch (error) {
    if (error instanceof KernelError && error.code === "BUG") return error.message;
    throw error;
  }
}

/**
 * Stops the first actor after each of its steps, and then the second after each of its own, to let the first go on as far
 * as it can, then both to their ends: the schedules with two switches.
 *
 * @param look is called at each of these ends, before the invariants are checked
 * @returns what went wrong, for each schedule in which something did
 */
export function overtake(
  scheduler: Scheduler,
  first: Actor,
  second: Actor,
  look: () => void = () => undefined,
): string[] {
  const start = scheduler.save();
  const wrong: string[] = [];
  while (!first.done && !first.blocked) {
    const stopped = scheduler.save();
    for (let steps = 0, last = false; !last; steps++) {
      scheduler.restore(stopped);
      for (let step = 0; step < steps && !last; step++) {
        scheduler.step(second);
        last = second.done || second.blocked;
      }
      const found = complaint(() => {
        scheduler.finish(first);
        settle(scheduler);
        look();
      }, scheduler);
      if (found !== null) wrong.push(found);
    }
    scheduler.restore(stopped);
    scheduler.step(first);
  }
  scheduler.restore(start);
  return wrong;
}
