// What both sides of a scenario show, for a terminal: what each observable is, its name, and its two values.

import { wrapWords } from "./line-wrap.js";
import type { Terminal } from "./terminal.js";

/** A row of the table. */
export interface ObservableRow {
  readonly meaning: string;
  /** As JSON has it; empty if the meaning is all that is known. */
  readonly name: string;
  readonly before: string;
  readonly after: string;
}

/** A value longer than this goes on in the next line. */
const VALUE_WIDTH = 20;
/** Between what an observable is and its name. */
const GAP = 2;
const MARK = "≠";

/** The table, as wide as it needs to be and the terminal is; `≠` marks what differs. */
export function observableTable(
  rows: readonly ObservableRow[],
  { columns, paint }: Terminal,
): string {
  const widthOf = (side: "before" | "after"): number =>
    rows.reduce(
      (most, row) => Math.max(most, Math.min(row[side].length, VALUE_WIDTH)),
      side.length,
    );
  const widths = [widthOf("before"), widthOf("after"), MARK.length];
  // Each of the four cells has a blank on both sides, and a border stands before each and at the end.
  const room = columns - widths.reduce((sum, width) => sum + width, 0) - 4 * 3 - 1;
  const natural = rows.map(
    ({ meaning, name }) => meaning.length + (name === "" ? 0 : GAP + name.length),
  );
  const first = Math.max(Math.min(room, Math.max(...natural, "observable".length)), 1);
  widths.unshift(first);
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[]): string => `│ ${cells.join(" │ ")} │`;
  const pad = (text: string, i: number): string => text.padEnd(widths[i] ?? 0);
  const head = ["", "before", "after", ""].map((text, i) => paint("dim", pad(text, i)));
  const lines = [rule("┌", "┬", "┐"), line(head), rule("├", "┼", "┤")];
  for (const row of rows) {
    const differs = row.before !== row.after;
    const told = meaningLines(row, first).map((one) => paintName(one, row.name, paint));
    const values = [row.before, row.after].map((value) => wrapWords(value, VALUE_WIDTH));
    const height = Math.max(told.length, ...values.map(({ length }) => length));
    for (let i = 0; i < height; i++) {
      const cells = [...values.map((value) => value[i] ?? ""), differs && i === 0 ? MARK : ""];
      const padded = cells.map((cell, j) => pad(cell, j + 1));
      lines.push(
        line([
          told[i] ?? " ".repeat(first),
          ...padded.map((cell) => (differs ? paint("name", cell) : cell)),
        ]),
      );
    }
  }
  return [...lines, rule("└", "┴", "┘")].join("\n");
}

/** What an observable is, wrapped, with its name at the right: in the last line if it has room there. */
function meaningLines({ meaning, name }: ObservableRow, width: number): string[] {
  const lines = wrapWords(meaning, width).map((line) => line.padEnd(width));
  if (name === "") return lines;
  const last = (lines.at(-1) ?? "").trimEnd();
  const room = width - last.length - GAP;
  if (name.length > room) return [...lines, name.slice(0, width).padStart(width)];
  return [...lines.slice(0, -1), last + name.padStart(width - last.length)];
}

function paintName(line: string, name: string, paint: Terminal["paint"]): string {
  if (name === "" || !line.endsWith(name)) return line;
  return line.slice(0, -name.length) + paint("dim", name);
}
