// The swap token: of all processes that wait for swap, the one whose pages reclaim leaves alone.

import { TokenField } from "../../assembly/abi/field.js";
import type { Context } from "./context.js";
import type { Process } from "./process.js";

/** The machine's swap token, in releases up to v3.4. */
export interface SwapToken {
  /** Who has it: the first process of that address space by pid. null: nobody. */
  readonly holder: Process | null;
  /** Faults of all processes that read from swap. */
  readonly globalFaults: number;
  /** How many these were when the token was taken, or its holder's priority halved, last. */
  readonly lastAging: number;
}

/** What decides whether an address space gets the token. Threads share it. */
export interface TokenState {
  readonly priority: number;
  /** How many faults of all processes had passed between its last read from swap and the one before. */
  readonly interval: number;
  /** How many faults there were at its last read from swap. */
  readonly faultstamp: number;
}

export function hasSwapTokens({ options }: Context): boolean {
  return options.swapToken === "on";
}

/** @returns null where there is no token */
export function readSwapToken(context: Context): SwapToken | null {
  if (!hasSwapTokens(context)) return null;
  const { core } = context.machine;
  const holder = core.swapTokenField(TokenField.Holder);
  return {
    holder: holder ? context.processOf(holder) : null,
    globalFaults: core.swapTokenField(TokenField.GlobalFaults),
    lastAging: core.swapTokenField(TokenField.LastAging),
  };
}
