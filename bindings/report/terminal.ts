// What all views for a terminal share: their width, their few styles, their headings.

import { wrapWords } from "./line-wrap.js";

/** Where a view is shown. */
export interface TerminalOptions {
  /** Width in characters; used between 60 and 120. */
  readonly columns: number;
  /** ANSI colours on or off. */
  readonly color: boolean;
}

const STYLES = { title: "1;36", name: "1", dim: "2", failed: "31", good: "32" };
const LEAST_COLUMNS = 60;
const MOST_COLUMNS = 120;

/** Puts text into a style, where colours are on. */
export type Paint = (style: keyof typeof STYLES, text: string) => string;

/** A view's width and styles. */
export interface Terminal {
  readonly columns: number;
  readonly paint: Paint;
}

/** The terminal of a view. */
export function terminalFor({ columns, color }: TerminalOptions): Terminal {
  return {
    columns: Math.min(Math.max(columns, LEAST_COLUMNS), MOST_COLUMNS),
    paint: (style, text) => (color ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text),
  };
}

/** A heading as wide as the view, and below it what does not fit. */
export function titleLine(title: string, { columns, paint }: Terminal): string {
  const [first = "", ...rest] = wrapWords(title, columns - 4);
  const lines = [`── ${first} `.padEnd(columns, "─"), ...rest.map((line) => `   ${line}`)];
  return lines.map((line) => paint("title", line)).join("\n");
}
