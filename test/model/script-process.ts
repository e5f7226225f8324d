import type { Advice } from "./change-call.js";
import type { Collapse } from "./collapse.js";
import { fail, type FailureCode } from "./failure.js";
import type { OpenFile } from "./file.js";
import type { Protection } from "./flags.js";
import type { Machine } from "./machine.js";
import { mappings } from "./page-walk.js";
import { Page } from "./page.js";
import type { ModelProcess } from "./process.js";
import type { Words } from "./script.js";
import { PAGE } from "./units.js";

/** Virtual address of the arena's first page. */
export const ARENA = 0x200000000000;

/** What scripts get for a range that khugepaged leaves. */
const UNCOLLAPSED: Readonly<Record<Exclude<Collapse, "collapsed">, FailureCode>> = {
  "not-eligible": "EINVAL",
  "nothing-there": "EFAULT",
  unsuitable: "EBUSY",
  idle: "EAGAIN",
  "no-memory": "ENOMEM",
};

/** One operation of a script on a process, or undefined if it is none. */
export function onProcess(
  process: ModelProcess,
  operation: string,
  words: Words,
): number | undefined {
  const address = (place: number): number => ARENA + words.number(place) * PAGE;
  const bytes = (place: number): number => words.number(place) * PAGE;
  switch (operation) {
    case "exit":
      process.exit();
      return 0;
    case "exec": {
      const pages = words.optional(1) === undefined ? null : words.number(1);
      // Without a place the stack begins at page 0: a page that is kept free, and 32 to grow into.
      const end = words.numberOr(2, (pages ?? 0) + 33);
      process.exec(0, pages === null ? null : { pages, top: ARENA / PAGE + end });
      return 0;
    }
    case "stack":
      process.mmap({ address: address(1), length: bytes(2), fixed: true, growsDown: true });
      return 0;
    case "mlock":
      process.mlock(address(1), bytes(2));
      return 0;
    case "munlock":
      process.munlock(address(1), bytes(2));
      return 0;
    case "mlockall": {
      const what = words.optional(1) ?? "current";
      process.mlockall({ current: what !== "future", future: what !== "current" });
      return 0;
    }
    case "munlockall":
      process.mlockall({ current: false, future: false });
      return 0;
    case "munmap":
      process.munmap(address(1), bytes(2));
      return 0;
    case "mprotect":
      process.mprotect(address(1), bytes(2), words.word(3) as Protection);
      return 0;
    case "mremap": {
      const newLength = words.optional(4) === undefined ? bytes(2) : bytes(4);
      process.mremap(address(1), bytes(2), newLength, { to: address(3) });
      return 0;
    }
    case "remap_file_pages":
      process.remapFilePages(
        address(1),
        bytes(2),
        words.number(3),
        words.optional(4) !== undefined,
      );
      return 0;
    case "madvise":
      process.madvise(address(1), bytes(2), words.word(3) as Advice);
      return 0;
    case "collapse": {
      const became = process.collapse(address(1));
      return became === "collapsed" ? 0 : fail(UNCOLLAPSED[became]);
    }
    case "read":
      return process.access(address(1), "read");
    case "write":
      process.access(address(1), "write", words.numberOr(2, words.line));
      return 0;
    default:
      return undefined;
  }
}

/** mmap; `fileOf` finds files by name. */
export function mapFor(
  process: ModelProcess,
  words: Words,
  fileOf: (name: string) => OpenFile,
): void {
  const [kind, name, pgoff] = words.word(4).split(":");
  process.mmap({
    address: ARENA + words.number(1) * PAGE,
    fixed: true,
    length: words.number(2) * PAGE,
    prot: words.word(3) as Protection,
    shared: words.word(5) === "shared",
    ...(kind === "file" ? { file: fileOf(name ?? ""), pgoff: Number(pgoff) } : {}),
  });
}

/** One operation of a script on pages that a process shows, or undefined if it is none. */
export function onPages(
  machine: Machine,
  process: ModelProcess,
  operation: string,
  words: Words,
): number | undefined {
  const shown = (): Page => process.pageAt(ARENA + words.number(1) * PAGE) ?? fail("EFAULT");
  switch (operation) {
    case "referenced":
      return machine.pageReferenced(shown());
    case "rmap":
      return [...mappings(shown().whole)].length;
    case "split":
      machine.split(shown());
      return 0;
    case "pin":
      machine.pin(shown());
      return 0;
    case "unpin":
      machine.unpin(shown());
      return 0;
    case "poison": {
      const { result, told } = machine.memoryFailure(shown(), words.optional(2) === "early");
      if (result === "failed" || result === "ignored") fail("EBUSY");
      return told.length;
    }
    case "swap-out":
      return shownIn(process, words).filter(
        (page) => machine.shrinkPage(page, true) === "reclaimed",
      ).length;
    case "migrate":
      return shownIn(process, words).filter((page) => machine.migratePage(page) instanceof Page)
        .length;
    default:
      return undefined;
  }
}

/** The pages of a range, each once. */
function shownIn(process: ModelProcess, words: Words): Page[] {
  const pages = new Set<Page>();
  for (let n = 0; n < words.number(2); n++) {
    const page = process.pageAt(ARENA + (words.number(1) + n) * PAGE);
    if (page !== null) pages.add(page);
  }
  return [...pages];
}
