// What of the language this version can run.

import { grammar } from "./grammar.js";
import type { Operation } from "./operation.js";
import type { Script } from "./script.js";
import { LineError } from "./line-error.js";

/** True if this version runs the operation; all others are valid language all the same. */
export function isSupported(operation: Operation): boolean {
  switch (operation.op) {
    case "mlock":
    case "munlock":
    case "ksm":
      return false;
    case "madvise":
      // Nothing is mergeable in this version, so there is nothing to take back either.
      return operation.advice !== "mergeable";
    default:
      return true;
  }
}

/**
 * Refuses a script that needs what this version does not model, before anything runs.
 * @throws LineError for the first such line
 */
export function assertSupported(script: Script): void {
  const found = script.operations.find((operation) => !isSupported(operation));
  if (found === undefined) return;
  const what = found.op === "madvise" ? `madvise ${found.advice}` : found.op;
  const missing: readonly string[] = ["mlock", "munlock", "ksm"];
  const accepted = Object.keys(grammar)
    .filter((name) => !missing.includes(name))
    .map((name) => (name === "madvise" ? "madvise dontneed|unmergeable" : name));
  throw new LineError(
    script.name,
    found.line,
    `this version cannot run ${what}`,
    `it runs ${accepted.join(", ")}`,
  );
}
