// Lines of text made to fit a width.

/** Lines of at most so many characters, broken between words, and inside those that are longer. */
export function wrapWords(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ").flatMap((whole) => pieces(whole, width))) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** As wrapWords, but items, which may have blanks in them, go to the next line whole where that has room for them. */
export function wrapItems(items: readonly string[], width: number, separator = ", "): string[] {
  const last = items.length - 1;
  const told = items.map((item, i) => (i === last ? item : `${item}${separator.trimEnd()}`));
  const kept = told.map((item) => (item.length <= width ? item.replaceAll(" ", KEPT) : item));
  return wrapWords(kept.join(" "), width).map((line) => line.replaceAll(KEPT, " "));
}

/** Stands for a blank at which no line ends. */
const KEPT = "\u00a0";

function pieces(word: string, width: number): string[] {
  const count = Math.ceil(word.length / width);
  return Array.from({ length: count }, (_, i) => word.slice(i * width, (i + 1) * width));
}

/** Blanks before all lines of a sentence but its first. */
const INDENT = "    ";

/** A sentence of at most so many columns a line; all lines but the first are indented. */
export function hangingLines(text: string, columns: number): string {
  return wrapWords(text, Math.max(columns - INDENT.length, 1)).join(`\n${INDENT}`);
}

/** A line as it is if it fits; else its words wrapped, further in than it begins itself. */
export function fittedLines(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const [indent = ""] = /^ */.exec(line) ?? [];
  const inner = `${indent}${INDENT}`;
  const [first = "", ...rest] = wrapWords(line.trim(), Math.max(columns - inner.length, 1));
  return [`${indent}${first}`, ...rest.map((one) => `${inner}${one}`)];
}
