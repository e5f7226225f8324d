import type { ScriptRunner } from "../scenario/runner.js";
import { addressOf } from "../scenario/arena.js";

/** Names of the processes in which a page of a script is mapped, in the order in which a walk comes to them. */
export function namesOfPlaces(run: ScriptRunner, process: string, page: number): string {
  const mappings = run.process(process)?.pageAt(addressOf(page))?.mappings() ?? [];
  return mappings
    .map((mapping) => run.processes.find((named) => named.process === mapping.process)?.name ?? "?")
    .join(" ");
}
