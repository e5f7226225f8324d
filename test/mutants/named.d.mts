import type { Break } from "./breaks/index.mjs";

/** A break that changes nothing that can be seen. */
export interface Equivalent extends Break {
  /** Why. */
  readonly because: string;
}

/** A mutant that the description of the commits names. */
export interface Named {
  readonly lab: string;
  readonly mutant: string;
  /** Rules of breaks that stand for it. */
  readonly breaks?: readonly string[];
  /** The rule of an equivalent. */
  readonly equivalent?: string;
}

export const equivalents: readonly Equivalent[];
export const named: readonly Named[];
