// The one error for a text that can't be read: a script, a capture.

/** What is wrong with a line of input: the message is one line, `FILE:LINE: problem; accepted`. */
export class LineError extends Error {
  override readonly name = "LineError";

  constructor(
    /** The file's name as the caller gave it. */
    readonly file: string,
    /** Line number from 1, or 0 when the file as a whole is meant. */
    readonly line: number,
    /** What was wrong. */
    readonly problem: string,
    /** What would have been accepted. */
    readonly accepted: string,
  ) {
    super(`${printable(file, 200)}${line > 0 ? `:${line}` : ""}: ${problem}; ${accepted}`);
  }
}

/** A word of the input in quotes, safe to print: cut at 40 characters, control characters replaced. */
export function quoted(word: string): string {
  return `"${printable(word, 40)}"`;
}

function printable(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
