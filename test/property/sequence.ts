import fc from "fast-check";
import { arches } from "../../bindings/index.js";
import { HUGE } from "../model/units.js";
import { Chooser } from "./choice.js";
import type { ModelSide } from "./model-side.js";
import type { Operation, Outcome } from "./operation.js";
import { reduce } from "./reduce.js";
import { script } from "./script-line.js";
import { size } from "./size.js";
import { choices, type Choice } from "./weights.js";

/** Sequences that the size asks for: lengths vary from nothing to the longest, some choices fall away. */
export const runs = Math.ceil((2.5 * size.operations) / size.length);
export const sequences = choices(size.length);
/** Sizes of the arena in pages: small, so that operations meet. */
export const spans = fc.integer({ min: 40, max: 240 });
/** Sizes that have room for some huge pages. */
export const largeSpans = fc.integer({ min: 6 * HUGE, max: 16 * HUGE });
/** Sequences for these. */
export const hugeSequences = choices(size.length, true);
/** Machines of both kinds, in turn. */
export const kinds = fc.constantFrom(...arches);

/** Time for making a failing sequence shorter, in ms. */
const REDUCING = 60_000;

/** One operation that was performed on the model. */
export interface Step {
  readonly operation: Operation;
  readonly outcome: Outcome;
  /** Operations so far, this one included. */
  readonly count: number;
}

/** Plays along with the model. */
export interface Player {
  readonly model: ModelSide;
  /** Before the model performs an operation. */
  before?(operation: Operation): void;
  after(step: Step): void;
  /** After the last one. */
  end?(): void;
}

/**
 * Plays a sequence. If something goes wrong the operations are played again on new players, ever fewer of them,
 * and what is left is reported as a script.
 */
export function play(sequence: readonly Choice[], newPlayer: () => Player, span: number): void {
  const player = newPlayer();
  const chooser = new Chooser(player.model, span);
  const done: Operation[] = [];
  try {
    for (const choice of sequence) {
      const operation = chooser.operation(choice);
      if (operation === null || !makesSense(operation, player.model)) continue;
      done.push(operation);
      perform(player, operation, done.length);
    }
    player.end?.();
  } catch (error) {
    report(done, newPlayer, error);
  }
}

function perform(player: Player, operation: Operation, count: number): void {
  player.before?.(operation);
  player.after({ operation, outcome: player.model.perform(operation), count });
}

function report(done: readonly Operation[], newPlayer: () => Player, error: unknown): never {
  const reduced = reduce(done, (operations) => replay(operations, newPlayer) !== null, REDUCING);
  const cause = replay(reduced, newPlayer) ?? error;
  const machine = newPlayer().model.machine.memory.hasStorageKeys ? "s390\n" : "";
  const message = cause instanceof Error ? cause.message : String(cause);
  throw new Error(
    `${message}\n--- the operations, the last one failed:\n${machine}${script(reduced)}\n---`,
    {
      cause,
    },
  );
}

/** What goes wrong when these operations are performed; null if nothing, or if they make no sense. */
function replay(operations: readonly Operation[], newPlayer: () => Player): unknown {
  const player = newPlayer();
  try {
    for (const [index, operation] of operations.entries()) {
      if (!makesSense(operation, player.model)) return null;
      perform(player, operation, index + 1);
    }
    player.end?.();
    return null;
  } catch (error) {
    return error;
  }
}

/** The cgroup that an operation names. */
function cgroupIn(operation: Operation): number | null {
  if (operation.op === "cgroup") return operation.parent;
  return "cgroup" in operation ? operation.cgroup : null;
}

/**
 * A process, file or cgroup that was never made, because its operation was left out, cannot be named.
 */
function makesSense(operation: Operation, model: ModelSide): boolean {
  if ("process" in operation && model.processes[operation.process]?.alive !== true) return false;
  if ("device" in operation && model.machine.devices[operation.device] === undefined) return false;
  if ("other" in operation && model.processes[operation.other]?.alive !== true) return false;
  if (operation.op === "restore" && !model.hasSnapshot) return false;
  const cgroup = cgroupIn(operation);
  if (cgroup !== null && model.machine.memory.cgroups.all[cgroup] === undefined) return false;
  const file = "file" in operation ? operation.file : null;
  return file === null || model.files[file] !== undefined;
}
