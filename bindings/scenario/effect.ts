// What an operation changed, as far as the machine tells it and no event does.

import type { Kernel } from "../kernel/kernel.js";
import { fileEffect } from "./file-effect.js";
import { outcomeInWords } from "./outcome.js";
import { processEffect } from "./process-effect.js";
import { type Before, type Scene, writingPages } from "./scene.js";
import { counted } from "./wording.js";

/** What is said before the events are told, and what after them. */
export interface Effect {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

const NONE: Effect = { first: [], last: [] };

/** What an operation did that succeeded. */
export function effectInWords({ kernel, runner, step, before }: Scene): Effect {
  const { operation, result } = step;
  const value = typeof result?.[2] === "number" ? result[2] : 0;
  switch (operation.op) {
    case "reclaim":
      return first(outcomeInWords("reclaim", value) ?? "");
    case "hugepages":
      return first(pool(kernel, operation.count, value));
    case "swapon":
      return first(`swap area ${value}, of ${counted(operation.count, "page")}`);
    case "swapoff":
      return first(`swap area ${operation.area} is out of use`);
    case "io":
      return first(inputOutput(kernel, operation.hold, before));
    case "ksm":
      return { first: [], last: [ksm(kernel)] };
    case "limit":
      return first(
        operation.pages === null ? "no limit" : `at most ${counted(operation.pages, "page")}`,
      );
    case "move":
      return first(`in cgroup ${operation.cgroup ?? "root"}, with what it had charged`);
    case "empty":
      return first("nothing is charged to it");
    case "rmdir":
      return first("gone, what was charged to it is charged to the one above");
    case "device-read":
      return first(outcomeInWords("device-read", value) ?? "");
    case "file":
    case "spawn":
    case "memcg":
    case "device-write":
    case "unregister":
    case "dump":
      return NONE;
    default:
  }
  if ("process" in operation) {
    const process = runner.process(operation.process);
    const keyed = kernel.options.arch === "s390x";
    return process === undefined ? NONE : processEffect(process, operation, value, before, keyed);
  }
  const file = runner.file(operation.file);
  return file === undefined ? NONE : first(fileEffect(file, operation, value, before));
}

function first(...words: string[]): Effect {
  return { first: words, last: [] };
}

function pool({ hugePages: { free, reserved } }: Kernel, wanted: number, pages: number): string {
  const why =
    pages < wanted
      ? ", there is no room for more"
      : pages > wanted
        ? ", the others are in use or promised"
        : "";
  return `the pool has ${counted(pages, "huge page")}${why}; ${free} free, ${reserved} of them promised`;
}

function inputOutput(kernel: Kernel, hold: boolean, { writing }: Before): string {
  if (hold) return "pages that are written from now on stay under writeback";
  const ended = writing - writingPages(kernel);
  return ended > 0
    ? `writes end, ${counted(ended, "page")} no longer under writeback`
    : "no page was under writeback";
}

function ksm({ ksm: { pagesShared, pagesSharing } }: Kernel): string {
  if (pagesShared === 0) return "KSM shares nothing";
  const places = counted(pagesShared + pagesSharing, "place");
  return `KSM shares ${counted(pagesShared, "frame")}, mapped at ${places}`;
}
