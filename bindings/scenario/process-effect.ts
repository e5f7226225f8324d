// What an operation on a process changed, in words.

import { VmFlag } from "../../assembly/abi/flag.js";
import type { Process } from "../kernel/process.js";
import type { Vma } from "../kernel/vma.js";
import { addressOf } from "./arena.js";
import type { Effect } from "./effect.js";
import type { PageOperation, ProcessOperation } from "./operation.js";
import { outcomeInWords } from "./outcome.js";
import type { Before } from "./scene.js";
import { counted, listed, range } from "./wording.js";

/** What an operation did with a process, which may have ended by it. @param keyed the machine has storage keys */
export function processEffect(
  process: Process,
  operation: ProcessOperation,
  value: number,
  before: Before,
  keyed: boolean,
): Effect {
  return {
    first: counts(process, operation, value, keyed),
    last: [...dropped(process, operation, before), ...states(process, operation)],
  };
}

function counts(
  process: Process,
  operation: ProcessOperation,
  value: number,
  keyed: boolean,
): string[] {
  switch (operation.op) {
    case "referenced":
    case "poison":
    case "rmap":
    case "swap-out":
    case "migrate":
      return [outcomeInWords(operation.op, value, keyed) ?? ""];
    case "pin":
    case "unpin":
      return [pins(process, operation)];
    default:
      return [];
  }
}

function pins(process: Process, { op, page }: PageOperation): string {
  const held = process.pageAt(addressOf(page))?.pins ?? 0;
  if (held === 0) return "no longer pinned";
  return `${op === "pin" ? "pinned" : "still pinned"}${held === 1 ? "" : ` ${held} times`}`;
}

/** Swap entries that were thrown away: no event tells of them. */
function dropped(process: Process, operation: ProcessOperation, before: Before): string[] {
  const gives =
    operation.op === "exit" ||
    operation.op === "exec" ||
    operation.op === "munmap" ||
    operation.op === "mmap" ||
    operation.op === "mremap" ||
    (operation.op === "madvise" && operation.advice === "dontneed");
  const n = gives ? before.swap - (process.alive ? process.rss.swap : 0) : 0;
  return n > 0 ? [`${n} swap ${n === 1 ? "entry" : "entries"} dropped`] : [];
}

/** What the VMAs are like now. */
function states(process: Process, operation: ProcessOperation): string[] {
  switch (operation.op) {
    case "madvise":
      if (operation.advice === "dontneed") return [];
      if (operation.advice === "hugepage" || operation.advice === "nohugepage") {
        return vmasAre(
          vmasOf(process, operation.page, operation.count),
          hugeAdvice(operation.advice),
        );
      }
      return operation.advice === "mergeable"
        ? mergeable(vmasOf(process, operation.page, operation.count))
        : vmasAre(vmasOf(process, operation.page, operation.count), "not mergeable");
    case "exec": {
      const [stack] = process.vmas();
      return stack ? [`stack is VMA ${range(stack.start, stack.end)}`] : [];
    }
    case "mprotect": {
      const vmas = vmasOf(process, operation.page, operation.count);
      return vmasAre(vmas, vmas[0]?.perms ?? "");
    }
    case "remap_file_pages": {
      const { page, count } = operation;
      return vmasAre(vmasOf(process, page, count).filter(isNonlinear), "nonlinear (nl)");
    }
    case "mlock":
      return locked(vmasOf(process, operation.page, operation.count));
    case "munlock":
      return vmasAre(vmasOf(process, operation.page, operation.count), "not locked");
    case "mlockall":
      return [
        ...(operation.current
          ? [`all VMAs are locked (lo), ${counted(process.lockedPages, "page")}`]
          : []),
        ...(operation.future ? ["what is mapped from now on will be locked"] : []),
      ];
    case "munlockall":
      return ["no VMA is locked, and none will be"];
    default:
      return [];
  }
}

function isNonlinear({ flags }: Vma): boolean {
  return (flags & VmFlag.Nonlinear) !== 0;
}

function hugeAdvice(advice: "hugepage" | "nohugepage"): string {
  return advice === "hugepage" ? "to have huge pages" : "to have no huge pages";
}

/** The VMAs of a range that has no hole. */
function vmasOf(process: Process, page: number, count: number): Vma[] {
  const vmas: Vma[] = [];
  const end = addressOf(page + count);
  for (let at = addressOf(page); at < end;) {
    const vma = process.vmaAt(at);
    if (vma === null) break;
    vmas.push(vma);
    at = vma.end;
  }
  return vmas;
}

function locked(vmas: readonly Vma[]): string[] {
  return [
    ...vmasAre(
      vmas.filter((vma) => !vma.hugetlb),
      "locked (lo)",
    ),
    ...vmasAre(
      vmas.filter((vma) => vma.hugetlb),
      "passed over: huge pages of the pool always stay",
    ),
  ];
}

function mergeable(vmas: readonly Vma[]): string[] {
  const isMergeable = ({ flags }: Vma): boolean => (flags & VmFlag.Mergeable) !== 0;
  const others = vmas.filter((vma) => !isMergeable(vma));
  return [
    ...vmasAre(vmas.filter(isMergeable), "mergeable (mg)"),
    ...vmasAre(
      others.filter(({ hugetlb }) => !hugetlb),
      "shared, and KSM leaves that alone",
    ),
    ...vmasAre(
      others.filter(({ hugetlb }) => hugetlb),
      "of huge pages of the pool, and KSM leaves those alone",
    ),
  ];
}

/** "VMA 10-14 is locked", "VMAs 10-14 and 20-22 are locked". */
function vmasAre(vmas: readonly Vma[], what: string): string[] {
  const [only] = vmas;
  if (only === undefined) return [];
  if (vmas.length === 1) return [`VMA ${range(only.start, only.end)} is ${what}`];
  const ranges = vmas.map(({ start, end }) => range(start, end));
  return [`${ranges.length > 3 ? "" : "VMAs "}${listed(ranges, "VMAs")} are ${what}`];
}
