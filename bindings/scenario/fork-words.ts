// What a fork gave the child, in words.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Process } from "../kernel/process.js";
import type { Scene } from "./scene.js";
import { counted } from "./wording.js";

/** @param events the EntriesCopied ones of a fork; nothing is said of one that failed, as all of it was undone */
export function forkInWords({ runner, step }: Scene, events: readonly KernelEvent[]): string[] {
  const { operation } = step;
  const child = operation.op === "fork" ? runner.process(operation.child) : undefined;
  if (!child?.alive) return [];
  const empty = events.filter(({ a }) => a === 0).length;
  return [
    ...entriesInWords(child, events),
    ...(empty > 0 ? [`${counted(empty, "VMA")} left to be faulted in again by the child`] : []),
  ];
}

/** Entries by what is behind them: a swap entry is no page, and a huge page of the pool is one entry. */
function entriesInWords(child: Process, events: readonly KernelEvent[]): string[] {
  const total = events.reduce((sum, { a }) => sum + a, 0);
  if (total === 0) return [];
  const { anon, file, swap } = child.rss;
  const huge = events.reduce((sum, { a, b }) => (child.vmaAt(b)?.hugetlb ? sum + a : sum), 0);
  const zero = child.pages().filter(({ frame }) => frame < 0).length;
  const offsets = child.fileEntries().length;
  const markers = total - anon - file - swap - huge - zero - offsets;
  const shared = [
    ...some(anon + file, "page", "pages"),
    ...some(huge, "huge page of the pool", "huge pages of the pool"),
    ...some(zero, "entry of the zero page", "entries of the zero page"),
  ];
  const copied = [
    ...some(swap, "swap entry", "swap entries"),
    ...some(offsets, "page offset", "page offsets"),
    ...some(markers, "marker of a broken page", "markers of broken pages"),
  ];
  return [
    ...shared.map((what) => `${what} shared with the child`),
    ...copied.map((what) => `${what} copied for the child`),
  ];
}

function some(n: number, one: string, many: string): string[] {
  return n > 0 ? [`${n} ${n === 1 ? one : many}`] : [];
}
