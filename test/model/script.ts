/** One line of a script: the operation and its words, as written. */
export interface ScriptLine {
  /** Line number, from 1. */
  readonly line: number;
  readonly operation: string;
  readonly words: readonly string[];
}

/** The operations of a script; comments and empty lines are left out. */
export function parseScript(text: string): ScriptLine[] {
  return text.split("\n").flatMap((raw, index) => {
    const [operation, ...words] = raw.replace(/#.*/, "").trim().split(/\s+/);
    return operation === undefined || operation === ""
      ? []
      : [{ line: index + 1, operation, words }];
  });
}
