// How often locks are taken, and for how long they are held, in steps: the checked builds' clock. A step is a yield
// point passed, whether or not the build can be suspended there, so both count the same.
//
//   LOCK_COUNTERS_AT   +0 steps of everybody f64   +8 clock of each actor u32
//   LOCK_CLASSES_AT    of each LockClass: +0 taken f64   +8 steps held f64   +16 longest f64
//   HELD_SINCE_AT      of each actor: clock when it took each lock that it holds, u32, as in HELD_LOCKS
//
// Clocks are the actors' own: what others do while a lock's holder is suspended does not count, nor does waiting.

import {
  LockClass,
  HELD_SINCE_AT,
  LOCK_CLASS_BYTES,
  LOCK_CLASS_LIMIT,
  LOCK_CLASSES_AT,
  LOCK_COUNTERS_AT,
} from "../locks";
import { header } from "../memory/header";

/** Room for the clocks of one actor's locks. */
const SINCE_RECORD: usize = 96;

function clockAt(): usize {
  return <usize>LOCK_COUNTERS_AT + 8 + ((<usize>header().actor) << 2);
}

function add(at: usize, n: f64): void {
  store<f64>(at, load<f64>(at) + n);
}

function sinceAt(n: u32): usize {
  return <usize>HELD_SINCE_AT + <usize>header().actor * SINCE_RECORD + ((<usize>n) << 2);
}

function classAt(kind: u32): usize {
  assert(kind < <u32>LOCK_CLASS_LIMIT, "lock: no counters for its class");
  return <usize>LOCK_CLASSES_AT + <usize>kind * <usize>LOCK_CLASS_BYTES;
}

/** Steps that the running actor has passed, modulo 2^32. */
export function stepsPassed(): u32 {
  return load<u32>(clockAt());
}

/** Another step of the running actor begins. */
export function passStep(): void {
  add(<usize>LOCK_COUNTERS_AT, 1);
  store<u32>(clockAt(), load<u32>(clockAt()) + 1);
}

/** The actor has taken the lock that is number n of those it holds. */
export function countTaken(n: u32, kind: LockClass): void {
  store<u32>(sinceAt(n), load<u32>(clockAt()));
  add(classAt(kind), 1);
}

/**
 * The actor lets go of number n of the `held` locks that it holds.
 * @returns steps in which it held it, the first and the last included
 */
export function countLeft(n: u32, held: u32, kind: u32): u32 {
  const at = sinceAt(n);
  const steps = load<u32>(clockAt()) - load<u32>(at) + 1;
  memory.copy(at, at + 4, (<usize>(held - n - 1)) << 2);
  const counts = classAt(kind);
  add(counts + 8, <f64>steps);
  if (<f64>steps > load<f64>(counts + 16)) store<f64>(counts + 16, <f64>steps);
  return steps;
}

/** Counts start from 0; clocks go on, as somebody who is suspended may hold a lock. */
export function resetLockCounters(): void {
  store<f64>(<usize>LOCK_COUNTERS_AT, 0);
  memory.fill(<usize>LOCK_CLASSES_AT, 0, <usize>(LOCK_CLASS_LIMIT * LOCK_CLASS_BYTES));
}
