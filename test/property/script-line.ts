import type { Protection } from "../model/flags.js";
import { ARENA_PAGE, PAGE, type Operation } from "./operation.js";

/** A sequence of operations as a script. */
export function script(operations: readonly Operation[]): string {
  const born = { processes: 0, files: 0 };
  return operations
    .map((operation) => {
      const line = inLanguage(operation, born) ?? `# ${JSON.stringify(operation)}`;
      if (operation.op === "spawn" || operation.op === "fork") born.processes++;
      if (operation.op === "file" || operation.op === "open") born.files++;
      return line;
    })
    .join("\n");
}

/** An operation in the script language, or null where the language has no words for it. */
export function inLanguage(
  operation: Operation,
  born: { processes: number; files: number },
): string | null {
  switch (operation.op) {
    case "spawn":
      return `spawn P${born.processes}`;
    case "file":
      return `file F${born.files} ${operation.pages} ${operation.kind}`;
    case "truncate":
      return `truncate F${operation.file} ${operation.pages}`;
    case "fork":
      return operation.shareMemory ? null : `fork P${operation.process} P${born.processes}`;
    case "exit":
      return `exit P${operation.process}`;
    case "mmap": {
      if (!inScripts(operation.prot)) return null;
      if (operation.fixed !== true || operation.noReserve || operation.address === null)
        return null;
      const what = operation.file === null ? "anon" : `file:F${operation.file}:${operation.pgoff}`;
      const sharing = operation.shared ? "shared" : "private";
      return ranged("mmap", operation.process, operation.address, operation.length, [
        operation.prot,
        what,
        sharing,
      ]);
    }
    case "munmap":
      return ranged("munmap", operation.process, operation.address, operation.length, []);
    case "mprotect":
      if (!inScripts(operation.prot)) return null;
      return ranged("mprotect", operation.process, operation.address, operation.length, [
        operation.prot,
      ]);
    case "madvise":
      if (operation.advice !== "dontneed") return null;
      return ranged("madvise", operation.process, operation.address, operation.length, [
        "dontneed",
      ]);
    case "mremap": {
      if (operation.to === null) return null;
      const [to, pages] = [pageOf(operation.to), operation.newLength / PAGE];
      if (to === null || !Number.isInteger(pages)) return null;
      return ranged("mremap", operation.process, operation.address, operation.length, [to, pages]);
    }
    case "read":
      return placed("read", operation.process, operation.address, []);
    case "write":
      return placed("write", operation.process, operation.address, [operation.word]);
    default:
      return null;
  }
}

/** Scripts know four protections. */
function inScripts(protection: Protection): boolean {
  return ["r", "rw", "rwx", "none"].includes(protection);
}

type Words = readonly (string | number)[];

function ranged(
  name: string,
  process: number,
  address: number,
  length: number,
  words: Words,
): string | null {
  const pages = length / PAGE;
  return Number.isInteger(pages) ? placed(name, process, address, [pages, ...words]) : null;
}

function placed(name: string, process: number, address: number, words: Words): string | null {
  const page = pageOf(address);
  return page === null ? null : [name, `P${process}`, page, ...words].join(" ");
}

/** The page number within the arena, or null for what a script cannot name. */
function pageOf(address: number): number | null {
  const page = address / PAGE - ARENA_PAGE;
  return Number.isInteger(page) && page >= 0 && page < 262_144 ? page : null;
}
