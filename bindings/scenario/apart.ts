// Why the range that an operation made is a VMA of its own.

import type { Vma } from "../kernel/vma.js";
import { addressOf } from "./arena.js";
import { ONLY_ONE_ANON_VMA, neighbourInWords } from "./neighbour.js";
import type { Operation, OperationName } from "./operation.js";
import type { ScriptRunner } from "./runner.js";
import { range } from "./wording.js";

/** Operations that make a VMA of a range. */
const CUTTING: readonly OperationName[] = ["mmap", "mprotect", "mremap", "remap_file_pages"];

/** Why the range that an operation made stands apart from what it touches. */
export function neighboursInWords(runner: ScriptRunner, operation: Operation): string[] {
  if (!CUTTING.includes(operation.op) || !("count" in operation && "process" in operation))
    return [];
  const process = runner.process(operation.process);
  if (!process?.alive) return [];
  const start = operation.op === "mremap" ? operation.newPage : operation.page;
  const count = operation.op === "mremap" ? operation.newCount : operation.count;
  const words: string[] = [];
  for (const edge of new Set([start, start + count])) {
    const after = process.vmaAt(addressOf(edge));
    const before = process.vmaAt(addressOf(edge) - 1);
    if (before === null || after === null || before.start === after.start) continue;
    // After mprotect a change of protection at the edge is what the script asked for.
    if (operation.op === "mprotect" && before.perms !== after.perms) continue;
    const other = edge === start ? before : after;
    words.push(
      `apart from VMA ${range(other.start, other.end)}: ${apartInWords(operation, before, after)}`,
    );
  }
  return words;
}

function apartInWords(operation: Operation, before: Vma, after: Vma): string {
  const words = neighbourInWords(before, after);
  // mmap's new memory joins a VMA with an anon_vma, unless that VMA is linked to older ones too.
  return operation.op === "mmap" && words === ONLY_ONE_ANON_VMA
    ? "it is linked to the anon_vmas of its parent, new memory cannot be"
    : words;
}
