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

/** The words of one line, by place. */
export class Words {
  readonly line: number;
  private readonly words: readonly string[];

  constructor({ line, words }: ScriptLine) {
    this.line = line;
    this.words = words;
  }

  optional(place: number): string | undefined {
    return this.words[place];
  }

  word(place: number): string {
    const word = this.words[place];
    if (word === undefined) throw new Error(`line ${String(this.line)}: too few words`);
    return word;
  }

  number(place: number): number {
    return Number(this.word(place));
  }

  numberOr(place: number, otherwise: number): number {
    return this.words[place] === undefined ? otherwise : this.number(place);
  }
}
