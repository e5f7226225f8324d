import type { TerminalOptions } from "../report/terminal.js";

/** Width of a view when standard output is not a terminal. */
const DEFAULT_COLUMNS = 80;

/** What standard output can show. */
export function terminalOptions(): TerminalOptions {
  return {
    columns: process.stdout.columns ?? DEFAULT_COLUMNS,
    color: process.stdout.isTTY && !process.env["NO_COLOR"],
  };
}
