// What clients are told at a site, with the locks that are held then, and what the page table shows meanwhile.

import type { Kernel } from "../kernel/kernel.js";
import type { Process } from "../kernel/process.js";
import { SITE_BASE, type NotifierSite } from "./notifier-sites.js";

const PAGE = 4096;

/** One call of a client. */
export interface ToldCall {
  readonly call: "page" | "start" | "end" | "change" | "young";
  /** Pages of the site, from the first up to the last. */
  readonly first: number;
  readonly last: number;
  /** Names of the locks that are held, the one taken first in front. */
  readonly locks: readonly string[];
  /** What the first page's entry is: as before the change, absent, or as after it. */
  readonly entry: "old" | "absent" | "new";
}

/** Names of the calls in the kernel. */
export const callNames: Readonly<Record<ToldCall["call"], string>> = {
  page: "invalidate_page",
  start: "invalidate_range_start",
  end: "invalidate_range_end",
  change: "change_pte",
  young: "clear_flush_young",
};

/** Is a spinlock of page tables held? */
export function isUnderPtl({ locks }: ToldCall): boolean {
  return locks.includes("page-table lock");
}

interface Noted extends Omit<ToldCall, "entry"> {
  readonly state: string;
}

/** An entry in words that tell it from every other. */
function stateAt(process: Process, page: number): string {
  const address = SITE_BASE + page * PAGE;
  const entry = process.entryAt(address);
  if (entry === null) return "absent";
  const huge = process.pageAt(address)?.hugePage ? "huge" : "small";
  return `${huge} ${entry.frame} ${entry.writable ? "rw" : "ro"}`;
}

/** Calls of one kind about one page after another, as one. */
function joined(calls: readonly ToldCall[]): ToldCall[] {
  const lines: ToldCall[] = [];
  for (const call of calls) {
    const before = lines.at(-1);
    const follows = before?.call === call.call && before.last + 1 === call.first;
    if (before !== undefined && follows && call.call === "page") {
      lines[lines.length - 1] = { ...before, last: call.last };
    } else {
      lines.push(call);
    }
  }
  return lines;
}

/** Performs the change of a site with a client that hears of everything, unless it has no change_pte. */
export function toldAt(
  kernel: Kernel,
  site: NotifierSite,
  { changePte = true }: { changePte?: boolean } = {},
): ToldCall[] {
  const process = kernel.spawn();
  const change = site.prepare(kernel, process);
  const noted: Noted[] = [];
  const states = new Map<number, string>();
  const note = (call: ToldCall["call"], start: number, end: number): void => {
    const first = (start - SITE_BASE) / PAGE;
    const last = (end - SITE_BASE) / PAGE - 1;
    const locks = (kernel.heldLocks ?? []).map(({ lock }) => lock);
    noted.push({ call, first, last, locks, state: stateAt(process, first) });
  };
  for (const { address } of process.pages()) {
    const page = (address - SITE_BASE) / PAGE;
    states.set(page, stateAt(process, page));
  }
  process.registerNotifier({
    invalidatePage: (address) => {
      note("page", address, address + PAGE);
    },
    invalidateRangeStart: (start, end) => {
      note("start", start, end);
    },
    invalidateRangeEnd: (start, end) => {
      note("end", start, end);
    },
    clearFlushYoung: (address) => {
      note("young", address, address + PAGE);
      return false;
    },
    ...(changePte && {
      changePte: (address: number) => {
        note("change", address, address + PAGE);
      },
    }),
  });
  change();
  return joined(
    noted.map(({ state, ...call }) => {
      const isOld = state === (states.get(call.first) ?? "absent");
      const entry = isOld ? "old" : state === "absent" ? "absent" : "new";
      return { ...call, entry };
    }),
  );
}

/** "start 0-3, entry old, under page lock, i_mmap_mutex" */
export function toldWords({ call, first, last, locks, entry }: ToldCall): string {
  const pages = first === last ? `${first}` : `${first}-${last}`;
  return `${call} ${pages}, entry ${entry}, under ${locks.join(", ") || "no lock"}`;
}
