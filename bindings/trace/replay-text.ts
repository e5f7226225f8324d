// What a replay gave, for people.

import type { ReplayResult } from "./replay.js";
import type { WalkCost } from "./walk-cost.js";

/** Differences that are printed; the JSON has more. */
const SHOWN = 10;
const LABEL_WIDTH = 13;

/** The result as lines of text. `files` names the capture's files as the caller gave them. */
export function replayText(
  result: ReplayResult,
  files: { strace: string; maps: string | null },
): string {
  const lines = [
    ...summaryLines(result, files.strace),
    ...troubleLines(result, files.strace),
    "",
    ...walkLines(result),
    "",
    ...mapsLines(result, files.maps),
    ...verifyLines(result, files.strace),
  ];
  return `${lines.join("\n")}\n`;
}

function summaryLines(result: ReplayResult, strace: string): string[] {
  const { operations, notReplayed, faults, largest } = result;
  const calls = Object.values(operations).reduce((sum, count) => sum + count, 0);
  const changes = [
    plural(result.splits, "split"),
    plural(result.merges, "merge"),
    plural(result.anonVmas, "anon_vma"),
  ];
  return [
    `${strace}: ${plural(calls, "call")} and ${plural(faults.replayed, "fault")} replayed in ${result.seconds.toFixed(2)} s`,
    "",
    row("operations", counted(operations)),
    row("not replayed", counted(notReplayed) || "nothing"),
    row(
      "peak",
      `${plural(result.peakVmas, "VMA")} in one address space, ${number(largest.vmas)} in all`,
    ),
    row("changes", `${changes.join(", ")} made`),
  ];
}

function troubleLines(result: ReplayResult, strace: string): string[] {
  const { failed, refused, faults, assumed, populated } = result;
  const lines: string[] = [];
  const add = (count: number, label: string, text: string) => {
    if (count > 0) lines.push(row(label, text));
  };
  add(failed, "failed", `${plural(failed, "call")} failed in the capture: nothing to replay`);
  add(faults.signals, "signals", `${plural(faults.signals, "fault")} ended in a signal: skipped`);
  add(
    faults.strangers,
    "strangers",
    `${plural(faults.strangers, "fault")} of threads not captured`,
  );
  const refusedFaults = Object.values(faults.refused).reduce((sum, count) => sum + count, 0);
  add(refusedFaults, "faults", `not possible here: ${counted(faults.refused)}`);
  add(
    assumed.ranges,
    "assumed",
    `${plural(assumed.ranges, "range")} of ${plural(assumed.pages, "page")} in all, used before the capture told of them`,
  );
  add(populated.pages, "touched", `${plural(populated.pages, "page")} without a captured fault`);
  add(populated.left, "untouched", `${plural(populated.left, "page")} more: that was the limit`);
  add(refused.count, "refused", `${plural(refused.count, "operation")} went otherwise here`);
  for (const { line, operation, captured, replayed } of refused.details.slice(0, SHOWN)) {
    lines.push(`  ${strace}:${line}: ${operation} gave ${captured}, here ${replayed}`);
  }
  return lines;
}

function walkLines({ walks, largest }: ReplayResult): string[] {
  const pages = `${number(largest.anonPages)} anonymous and ${number(largest.filePages)} file pages`;
  const head = `Walks where VMAs were most (${number(largest.vmas)}; ${pages} mapped), means per walk, exact counts:`;
  if (walks.length === 0) return [head, "  no page was mapped"];
  const rows = walks.map((walk) => [
    walk.operation,
    walk.pages,
    walk.index,
    walkedPages(walk),
    mean(walk.nodesVisited),
    mean(walk.nodesTouched),
    mean(walk.irrelevantVmas),
    mean(walk.entriesChecked),
  ]);
  const titles = [
    "walk",
    "pages",
    "index",
    "walked",
    "visited",
    "touched",
    "irrelevant",
    "entries",
  ];
  return [head, ...columns([titles, ...rows], 3)];
}

function walkedPages({ sampled, of }: WalkCost): string {
  return sampled === of ? number(of) : `${number(sampled)} of ${number(of)}`;
}

function mapsLines({ maps }: ReplayResult, file: string | null): string[] {
  if (file === null) return ["No snapshots were given: VMA lists are not compared."];
  const lines = [
    `VMA lists: ${plural(maps.compared, "range")} of ${plural(maps.snapshots, "snapshot")} compared, ` +
      `${plural(maps.differences, "difference")}; ${plural(maps.boundaries, "boundary", "boundaries")} ` +
      "between equal neighbours differ",
  ];
  for (const { why, count } of maps.explained) lines.push(`  ${number(count)} of them: ${why}`);
  if (maps.skipped > 0) {
    lines.push(
      `  ${plural(maps.skipped, "snapshot")} of processes whose beginning was not captured`,
    );
  }
  for (const { line, pid, captured, replayed } of maps.details.slice(0, SHOWN)) {
    lines.push(`  ${file}:${line}: process ${pid}`);
    lines.push(`    captured ${captured ?? "nothing"}`, `    replayed ${replayed ?? "nothing"}`);
  }
  const more = maps.differences - Math.min(SHOWN, maps.details.length);
  if (more > 0) lines.push(`  and ${plural(more, "difference")} more`);
  return lines;
}

function verifyLines({ verified, violations }: ReplayResult, strace: string): string[] {
  if (verified === 0) return [];
  const lines = [
    `Invariants: checked ${plural(verified, "time")}, ${plural(violations.length, "violation")}`,
  ];
  for (const { invariant, message, line } of violations.slice(0, SHOWN)) {
    lines.push(`  ${strace}:${line}: ${invariant}: ${message}`);
  }
  return lines;
}

function row(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)} ${text}`;
}

/** Columns two spaces apart; those from `firstNumber` on to the right. */
function columns(rows: string[][], firstNumber: number): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((r) => r[column]?.length ?? 0)));
  return rows.map((cells) => {
    const padded = cells.map((cell, column) => {
      const width = widths?.[column] ?? 0;
      return column < firstNumber ? cell.padEnd(width) : cell.padStart(width);
    });
    return `  ${padded.join("  ")}`;
  });
}

function counted(counts: Record<string, number>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${number(count)}`)
    .join(", ");
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function mean(value: number): string {
  return value.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
