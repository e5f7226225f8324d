import type { FunctionDeclaration } from "typescript";
import type { Break } from "./breaks/index.mjs";

/** Where a break belongs. */
export interface Place {
  readonly function: FunctionDeclaration;
  readonly body: string;
}

export function placeOf(text: string, one: Break): Place;
