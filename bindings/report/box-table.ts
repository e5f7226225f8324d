// A table in a box, drawn here because cli-table3 was not done with 65,530 rows, the VMAs one process may have, after
// ten minutes.

import type { Terminal } from "./terminal.js";

/** The table; its last column takes the width that is left, and wraps. */
export function boxTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, paint }: Terminal,
  isMarked: (row: readonly string[]) => boolean = () => false,
): string {
  const last = head.length - 1;
  const widths = head.map((title, i) =>
    rows.reduce((widest, row) => Math.max(widest, row[i]?.length ?? 0), title.length),
  );
  // Each cell has a blank on both sides, and a border stands before each and at the end.
  const taken = widths.slice(0, last).reduce((sum, width) => sum + width + 3, 4);
  widths[last] = Math.min(widths[last] ?? 0, Math.max(columns - taken, head[last]?.length ?? 0));
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => "─".repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly string[], style?: "dim" | "failed"): string => {
    const padded = cells.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return `│ ${padded.map((cell) => (style ? paint(style, cell) : cell)).join(" │ ")} │`;
  };
  const lines = [rule("┌", "┬", "┐"), line(head, "dim"), rule("├", "┼", "┤")];
  for (const row of rows) {
    const style = isMarked(row) ? "failed" : undefined;
    const [first = "", ...more] = wrap(row[last] ?? "", widths[last] ?? 0);
    lines.push(line([...row.slice(0, last), first], style));
    for (const rest of more) lines.push(line([...row.slice(0, last).map(() => ""), rest], style));
  }
  return [...lines, rule("└", "┴", "┘")].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/(?<=,) | {2}/)) {
    const line = lines.at(-1) ?? "";
    const separator = word.includes("→") ? "  " : " ";
    const longer = line === "" ? word : `${line}${separator}${word}`;
    if (longer.length <= width || line === "") lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
