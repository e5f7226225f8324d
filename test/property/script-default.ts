import { ARENA_PAGE, PAGE, type Operation } from "./operation.js";
import { STACK_ROOM } from "./script-line.js";

/**
 * The operation that a line stands for when its last word is left out, and with it what is usual; null where every word
 * is needed.
 */
export function withoutLastWord(operation: Operation, line: number): Operation | null {
  switch (operation.op) {
    case "write":
    case "device-write":
    case "file-write":
      return { ...operation, word: line };
    case "mremap":
      return { ...operation, newLength: operation.length };
    case "file":
      return { ...operation, kind: "tmpfs" };
    case "reclaim":
      return { ...operation, kind: "direct" };
    case "invalidate":
      return { ...operation, how: "idle" };
    case "swapon":
      return { ...operation, priority: -1 };
    case "exec": {
      const { stack } = operation;
      if (stack === null) return null;
      const top = (ARENA_PAGE + stack.pages + STACK_ROOM) * PAGE;
      return { ...operation, stack: { ...stack, top } };
    }
    case "mlockall": {
      const { current, future } = operation;
      // Without both it is munlockall, which has no such word.
      return current || future ? { ...operation, current: true, future: false } : null;
    }
    default:
      return null;
  }
}
