// The list at the end of a run's view: line, operation, and what it answered, with arrows below each other.

import { wrapWords } from "./line-wrap.js";

/** One operation that has something to show. */
export interface ResultRow {
  /** Line number in the script. */
  readonly line: string;
  /** The operation as it was written. */
  readonly text: string;
  /** What it answered; of a failure the code comes first. */
  readonly words: string;
  readonly isFailure: boolean;
}

type Paint = (style: "failed", text: string) => string;

/** Width of the line numbers, so that short lists do not stick to the margin. */
const LINE_WIDTH = 6;
const ARROW = " → ";
/** What of the width the operations get at most, as answers tend to be longer. */
const MOST_TEXT = 0.4;

/** The rows as lines of at most so many columns; longer operations and answers go on below themselves. */
export function resultLines(rows: readonly ResultRow[], columns: number, paint: Paint): string[] {
  const widest = rows.reduce((most, { text }) => Math.max(most, text.length), 0);
  const room = columns - LINE_WIDTH - 2 - ARROW.length;
  const textWidth = Math.min(widest, Math.floor(room * MOST_TEXT));
  return rows.flatMap(({ line, text, words, isFailure }) => {
    const texts = wrapWords(text, textWidth);
    const answers = wrapWords(words, room - textWidth);
    return Array.from({ length: Math.max(texts.length, answers.length) }, (_, i) => {
      const number = (i === 0 ? line : "").padStart(LINE_WIDTH);
      const left = `${number}  ${(texts[i] ?? "").padEnd(textWidth)}`;
      const answer = answers[i] ?? "";
      const shown = i === 0 && isFailure ? paintCode(answer, paint) : answer;
      return `${left}${i === 0 ? ARROW : " ".repeat(ARROW.length)}${shown}`.trimEnd();
    });
  });
}

function paintCode(answer: string, paint: Paint): string {
  const [code = ""] = answer.split(",");
  return paint("failed", code) + answer.slice(code.length);
}
