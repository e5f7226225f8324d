// A load that thrashes, in lines for people and as curves: what a lab prints is also what it draws.

import type { Curve } from "./picture.js";
import { LOAD, type ThrashMoment, type ThrashRun } from "./thrashing.js";

/** Lines of a table without what is news, at least. */
const ROWS = 16;

/** The name of a process: A, B, C. */
export function nameOf(process: number): string {
  return String.fromCharCode("A".charCodeAt(0) + process);
}

const names = Array.from({ length: LOAD.processes }, (_, process) => nameOf(process));

function exitOf(name: string): string {
  return `${name} is done, and exits`;
}

function newsInWords(news: ThrashMoment["news"], priorities: readonly number[]): string {
  if (news === null) return "";
  const who = nameOf(news.process);
  switch (news.kind) {
    case "taken":
      return `${who} takes the token`;
    case "exit":
      return exitOf(who);
    case "halved":
      return `${who} grows old: ${news.from} to ${priorities[news.process] ?? 0}`;
  }
}

function columns(numbers: readonly (number | string)[]): string {
  return numbers.map((number) => `${number}`.padStart(5)).join(" ");
}

/** A table: what is news, what was just before that, and a line now and then. */
export function thrashLines({ moments }: ThrashRun, hasToken: boolean): string[] {
  const every = Math.ceil((moments.at(-1)?.reads ?? 0) / ROWS);
  const shown = moments.filter(
    ({ news, reads }, i) => news !== null || moments[i + 1]?.news || reads % every === 0,
  );
  const head = ["reads", "token", ...names, ...names];
  return [
    "             touches made      priority",
    columns(head),
    ...shown.map(({ reads, holder, touches, priorities, news }) => {
      const cells = [
        ...[reads, holder === null ? "-" : nameOf(holder), ...touches],
        ...priorities.map((priority) => (hasToken ? priority : "-")),
      ];
      return `${columns(cells)}  ${newsInWords(news, priorities)}`.trimEnd();
    }),
  ];
}

/** What a line of the table says. */
interface Row {
  readonly reads: number;
  readonly holder: string | null;
  readonly touches: readonly number[];
  readonly priorities: readonly number[];
  readonly news: string;
}

/** The table's lines, read back. */
export function thrashRows(lines: readonly string[]): Row[] {
  const n = names.length;
  return lines.slice(2).map((line) => {
    const cells = line.trim().split(/ +/);
    const numbers = cells.slice(2, 2 + 2 * n).map((cell) => (cell === "-" ? 0 : Number(cell)));
    const [reads = "", holder = ""] = cells;
    return {
      reads: Number(reads),
      holder: holder === "-" ? null : holder,
      touches: numbers.slice(0, n),
      priorities: numbers.slice(n),
      news: cells.slice(2 + 2 * n).join(" "),
    };
  });
}

/** A curve for each process, up to its exit. */
export function curvesOf(rows: readonly Row[], what: "touches" | "priorities"): Curve[] {
  return names.map((name, process) => {
    const exit = rows.findIndex(({ news }) => news === exitOf(name));
    // It has no priority any more when it has gone.
    const last = what === "priorities" ? exit : exit + 1;
    const points = rows.slice(0, exit < 0 ? undefined : last);
    return { name, points: points.map((row) => [row.reads, row[what][process] ?? 0]) };
  });
}
