import type { Draws } from "./draws.js";
import type { FileOperation, Operation } from "./operation.js";

/** Files grow to about this size, in pages. */
const PAGES = 48;

/** A new file. */
export function newFile(draws: Draws): Operation {
  const kind = draws.pick(["disk", "disk", "tmpfs", "tmpfs", "ramfs"] as const);
  return { op: "file", pages: draws.pick([4, 16, 32, 64]), kind, zeros: draws.chance(1, 4) };
}

/** An operation on what the file with that number holds. */
export function onFile(
  op: FileOperation["op"],
  file: number,
  draws: Draws,
  newWord: () => number,
): FileOperation {
  switch (op) {
    case "truncate":
      return { op, file, pages: draws.below(PAGES) };
    case "file-read":
      return { op, file, pgoff: draws.below(PAGES) };
    case "file-write":
      return { op, file, pgoff: draws.below(PAGES), word: newWord() };
    case "writeback":
      return { op, file };
    case "punch":
      return { op, file, pgoff: draws.below(PAGES), pages: draws.below(6) };
    case "invalidate": {
      const how = draws.pick(["idle", "all"] as const);
      return { op, file, pgoff: draws.below(PAGES), pages: draws.pick([1, 4, PAGES]), how };
    }
  }
}
