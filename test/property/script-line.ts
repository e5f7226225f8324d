import type { Protection } from "../model/flags.js";
import {
  ARENA_PAGE,
  PAGE,
  type MmapOperation,
  type Operation,
  type ProcessOperation,
  type MachineOperation,
} from "./operation.js";

/** A sequence of operations as a script. */
export function script(operations: readonly Operation[]): string {
  const born = { processes: 0, files: 0, devices: 0, cgroups: 1 };
  let saved = { ...born };
  return operations
    .map((operation) => {
      const line = inLanguage(operation, born) ?? `# ${JSON.stringify(operation)}`;
      if (operation.op === "spawn" || operation.op === "fork") born.processes++;
      if (operation.op === "file" || operation.op === "open") born.files++;
      if (operation.op === "device") born.devices++;
      if (operation.op === "cgroup") born.cgroups++;
      if (operation.op === "snapshot") saved = { ...born };
      if (operation.op === "restore") Object.assign(born, saved);
      return line;
    })
    .join("\n");
}

/** An operation in the script language, or null where the language has no words for it. */
export function inLanguage(
  operation: Operation,
  born: { processes: number; files: number; devices: number; cgroups: number },
): string | null {
  if (operation.op === "device") {
    return `notifier P${operation.process} D${born.devices} ${operation.kind}`;
  }
  if ("process" in operation) return ofProcess(operation, born.processes);
  switch (operation.op) {
    case "spawn":
      return `spawn P${born.processes} ${cgroupName(operation.cgroup)}`;
    case "cgroup": {
      const { parent, hierarchy } = operation;
      return `memcg G${born.cgroups} ${cgroupName(parent)}${hierarchy ? " hierarchy" : ""}`;
    }
    case "hierarchy":
    case "recount":
      return null;
    case "limit":
    case "empty":
    case "rmdir": {
      // The root is not to be named there.
      if (operation.cgroup === 0) return null;
      const words = [operation.op, cgroupName(operation.cgroup)];
      return [...words, ...(operation.op === "limit" ? [operation.pages ?? "none"] : [])].join(" ");
    }
    case "file":
      return operation.zeros ? null : `file F${born.files} ${operation.pages} ${operation.kind}`;
    case "truncate":
      return `truncate F${operation.file} ${operation.pages}`;
    case "file-read":
      return `file-read F${operation.file} ${operation.pgoff}`;
    case "file-write":
      return `file-write F${operation.file} ${operation.pgoff} ${operation.word}`;
    case "writeback":
      return `writeback F${operation.file}`;
    case "punch":
      return `punch F${operation.file} ${operation.pgoff} ${operation.pages}`;
    case "invalidate": {
      const { file, pgoff, pages, how } = operation;
      return `invalidate F${file} ${pgoff} ${pages} ${how}`;
    }
    case "ksm":
      return "ksm";
    case "reclaim":
      return operation.cgroup === null ? reclaim(operation) : null;
    case "io":
      return `io ${operation.hold ? "hold" : "release"}`;
    case "swapon":
      // An area of nothing is refused before a script begins.
      if (operation.pages === 0) return null;
      return `swapon ${operation.pages} ${operation.priority}`;
    case "swapoff":
      return operation.area < AREAS ? `swapoff ${operation.area}` : null;
    case "khugepaged":
    case "ksm-scan":
    case "ksm-unmerge":
    case "take-referenced":
    case "snapshot":
    case "restore":
    case "open":
    case "close":
      return null;
    case "device-read":
    case "device-write": {
      const page = pageOf(operation.address - (operation.address % PAGE));
      if (page === null) return null;
      const words = [operation.op, `D${operation.device}`, page];
      return [...words, ...(operation.op === "device-write" ? [operation.word] : [])].join(" ");
    }
    case "device-detach":
      return `unregister D${operation.device}`;
  }
}

function ofProcess(operation: ProcessOperation, processesBorn: number): string | null {
  switch (operation.op) {
    case "fork":
      return operation.shareMemory ? null : `fork P${operation.process} P${processesBorn}`;
    case "exec":
      return exec(operation);
    case "exit":
    case "hold":
    case "let-go":
      return `${operation.op} P${operation.process}`;
    case "move":
      return `move P${operation.process} ${cgroupName(operation.cgroup)}`;
    case "mmap":
      return mmap(operation);
    case "munmap":
    case "mlock":
    case "munlock":
    case "swap-out":
    case "migrate":
      return ranged(operation.op, operation, []);
    case "mlockall": {
      const { process, current, future } = operation;
      if (!current && !future) return `munlockall P${process}`;
      return `mlockall P${process} ${current && future ? "both" : current ? "current" : "future"}`;
    }
    case "mprotect":
      return inScripts(operation.prot) ? ranged("mprotect", operation, [operation.prot]) : null;
    case "madvise":
      return ADVICE.includes(operation.advice)
        ? ranged("madvise", operation, [operation.advice])
        : null;
    case "mremap": {
      if (operation.to === null) return null;
      const [to, pages] = [pageOf(operation.to), operation.newLength / PAGE];
      if (to === null || !Number.isInteger(pages) || to + pages > ARENA_PAGES) return null;
      return ranged("mremap", operation, [to, pages]);
    }
    case "remap": {
      const { pgoff, nonBlock } = operation;
      return ranged("remap_file_pages", operation, [pgoff, ...(nonBlock ? ["nonblock"] : [])]);
    }
    case "read":
      return placed("read", operation, []);
    case "write":
      return placed("write", operation, [operation.word]);
    case "page-referenced":
      if (operation.cgroup !== null) return null;
      return placed("referenced", operation, operation.by === null ? [] : [`P${operation.by}`]);
    // The language has no words for this question; that for all places is another.
    case "page-in-vma":
      return placed("rmap", operation, []);
    case "memory-failure":
      return placed("poison", operation, operation.early ? ["early"] : []);
    case "pin":
    case "unpin":
    case "collapse":
    case "split":
      return placed(operation.op, operation, []);
    default:
      return null;
  }
}

function reclaim({
  pages,
  kind,
  by,
}: Extract<MachineOperation, { readonly op: "reclaim" }>): string {
  return `reclaim ${pages} ${kind}${by === null || kind === "background" ? "" : ` P${by}`}`;
}

function exec({ process, stack }: Extract<Operation, { readonly op: "exec" }>): string | null {
  if (stack === null) return `exec P${process}`;
  const end = stack.top / PAGE - ARENA_PAGE;
  const fits = end >= stack.pages + STACK_ROOM && end <= ARENA_PAGES;
  return fits ? `exec P${process} ${stack.pages} ${end}` : null;
}

function mmap(operation: MmapOperation): string | null {
  const { address, fixed, file, pgoff, shared, prot, length } = operation;
  if (fixed !== true || address === null || !inScripts(prot)) return null;
  if (operation.noReserve || operation.locked || operation.stackSetup) return null;
  if (operation.growsDown) {
    const plain = file === null && !shared && prot === "rw";
    return plain ? ranged("stack", { process: operation.process, address, length }, []) : null;
  }
  const what = file === null ? "anon" : `file:F${file}:${pgoff}`;
  const { process } = operation;
  return ranged("mmap", { process, address, length }, [prot, what, shared ? "shared" : "private"]);
}

function cgroupName(number: number): string {
  return number === 0 ? "root" : `G${number}`;
}

/** Swap areas that a script can name. */
const AREAS = 8;
/** What scripts can advise. */
const ADVICE: readonly string[] = [
  "dontneed",
  "mergeable",
  "unmergeable",
  "hugepage",
  "nohugepage",
];
const ARENA_PAGES = 262_144;
/** What a stack of exec has below its arguments. */
export const STACK_ROOM = 33;

/** Scripts know four protections. */
function inScripts(protection: Protection): boolean {
  return ["r", "rw", "rwx", "none"].includes(protection);
}

type Words = readonly (string | number)[];

interface AtPlace {
  readonly process: number;
  readonly address: number;
}

function ranged(
  name: string,
  operation: AtPlace & { readonly length: number },
  words: Words,
): string | null {
  const pages = operation.length / PAGE;
  return Number.isInteger(pages) ? placed(name, operation, [pages, ...words]) : null;
}

function placed(name: string, { process, address }: AtPlace, words: Words): string | null {
  const page = pageOf(address);
  return page === null ? null : [name, `P${process}`, page, ...words].join(" ");
}

/** The page number within the arena, or null for what a script cannot name. */
function pageOf(address: number): number | null {
  const page = address / PAGE - ARENA_PAGE;
  return Number.isInteger(page) && page >= 0 && page < ARENA_PAGES ? page : null;
}
