// The one error for a capture that cannot be read.

/** What is wrong with a capture: the message is one line, `FILE:LINE: problem; accepted`. */
export class CaptureError extends Error {
  override readonly name = "CaptureError";

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

/** Text of a capture in quotes, safe to print: cut at 60 characters, control characters replaced. */
export function quoted(text: string): string {
  return `"${printable(text, 60)}"`;
}

function printable(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}...` : text;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}
