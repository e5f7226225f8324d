// The dump document as text: JSON with line breaks where a reader wants them.

import type { Dump, DumpDocument, DumpProcess } from "./dump.js";
import type { WalkRecord } from "./walk-record.js";

const VMAS_PER_LINE = 4;
const PAGES_PER_LINE = 10;
const FRAMES_PER_LINE = 6;
const RESULTS_PER_LINE = 12;
const STEPS_PER_LINE = 4;

/** One JSON document with a newline at its end. */
export function formatDumpDocument(document: DumpDocument): string {
  const { oracle, kernel, case: name, dumps, results, walks } = document;
  const head = JSON.stringify({ oracle, kernel, case: name }).slice(0, -1);
  return (
    `${head},\n"dumps":${block(dumps.map(formatDump))},\n` +
    `"results":${rows(results, RESULTS_PER_LINE, " ")}` +
    `${walks === undefined ? "" : `,\n"walks":${block(walks.map(formatWalk))}`}}\n`
  );
}

function formatWalk({ steps, ...walk }: WalkRecord): string {
  const { line, walk: name, page, ...rest } = walk;
  return (
    `${JSON.stringify({ line, walk: name, page }).slice(0, -1)},\n` +
    ` "steps":${rows(steps, STEPS_PER_LINE, "  ")},\n ${JSON.stringify(rest).slice(1)}`
  );
}

function formatDump({ label, procs, frames, memcgs }: Dump): string {
  return (
    `{"label":${JSON.stringify(label)},\n"procs":${block(procs.map(formatProcess))},\n` +
    `"frames":${rows(frames, FRAMES_PER_LINE, " ")}` +
    `${memcgs === undefined ? "" : `,\n"memcgs":${block(memcgs.map((cgroup) => JSON.stringify(cgroup)))}`}}`
  );
}

function formatProcess(process: DumpProcess): string {
  const { name, parent, vmas, pages, rss, locked, swap, offsets, devices } = process;
  const { anon, file, shmem, zero } = rss;
  const swapped = swap === undefined ? "" : `,\n "swap":${rows(swap, PAGES_PER_LINE, "  ")}`;
  const kept = offsets === undefined ? "" : `,\n "offsets":${rows(offsets, PAGES_PER_LINE, "  ")}`;
  const beside =
    devices === undefined
      ? ""
      : `,\n "devices":${block(devices.map((it) => `  ${JSON.stringify(it)}`))}`;
  return (
    `${JSON.stringify({ name, parent }).slice(0, -1)},\n` +
    ` "vmas":${rows(vmas, VMAS_PER_LINE, "  ")},\n` +
    ` "pages":${rows(pages, PAGES_PER_LINE, "  ")},\n` +
    ` "rss":${JSON.stringify({ anon, file, shmem, zero })},"locked":${locked}${swapped}${kept}${beside}}`
  );
}

function block(items: readonly string[]): string {
  return items.length === 0 ? "[]" : `[\n${items.join(",\n")}]`;
}

function rows(items: readonly unknown[], perLine: number, indent: string): string {
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += perLine) {
    lines.push(
      items
        .slice(i, i + perLine)
        .map((item) => JSON.stringify(item))
        .join(","),
    );
  }
  return `[${lines.join(`,\n${indent}`)}]`;
}
