// Which actors are in a walk of the reverse map that is to be traced: bits of one word of the header, 0 unless
// somebody asked for traces. Exists in the checked builds; release never looks.

import { header } from "./header";

// Bits of traceWalks.
const ON: u32 = 1;
const PAUSED: u32 = 2;

/** Is the running actor in a walk that is traced? */
export function isWalkTraced(): bool {
  const state = header();
  return ((state.walksTraced >> state.actor) & 1) != 0;
}

/** The running actor enters a walk; false if nobody asked for traces. */
export function enterWalk(): bool {
  const state = header();
  if (state.traceWalks != ON) return false;
  state.walksTraced |= 1 << state.actor;
  return true;
}

/** It leaves the walk. */
export function leaveWalk(): void {
  const state = header();
  state.walksTraced &= ~(1 << state.actor);
}

/** Whether walks are traced from now on. */
export function setWalkTraces(on: bool): void {
  const state = header();
  state.traceWalks = on ? ON : 0;
  if (!on) state.walksTraced = 0;
}

/** Between true and false no walk that begins is traced. */
export function pauseWalkTraces(paused: bool): void {
  const state = header();
  if (paused) state.traceWalks |= PAUSED;
  else state.traceWalks &= ~PAUSED;
}
