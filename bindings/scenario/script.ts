// Text to operations. The whole script is read before anything runs, so a mistake on the last line
// costs nothing.

import { Fields, Names } from "./fields.js";
import { grammar } from "./grammar.js";
import type { Arch } from "../kernel/options.js";
import type { Operation, OperationName } from "./operation.js";
import { LineError, quoted } from "./line-error.js";

/** Longest script that is read, in characters. */
export const MAX_SCRIPT_LENGTH = 4 * 1024 * 1024;
/** Most operations a script may have: keeps the work of hostile input bounded. */
export const MAX_OPERATIONS = 200_000;

/** A script that is in the language. */
export interface Script {
  /** The name it was read under; used in messages. */
  readonly name: string;
  readonly operations: readonly Operation[];
  /** The machine that it asks for. */
  readonly arch: Arch;
}

/** First word of the line that asks for another machine than usual. */
const S390 = "s390";

/**
 * Reads a script.
 * @param text the script; lines end in LF or CRLF, `#` starts a comment
 * @param name the file's name, for messages
 * @throws LineError for the first line that is not in the language
 */
export function parseScript(text: string, name: string): Script {
  if (text.length > MAX_SCRIPT_LENGTH) {
    throw new LineError(name, 0, "script too long", `at most ${MAX_SCRIPT_LENGTH} characters`);
  }
  const names = new Names();
  const operations: Operation[] = [];
  let arch: Arch = "x86-64";
  let line = 0;
  for (const source of text.split("\n")) {
    line++;
    const words = wordsOf(source);
    if (words.length === 0) continue;
    if (operations.length === MAX_OPERATIONS) {
      throw new LineError(name, line, "too many operations", `at most ${MAX_OPERATIONS}`);
    }
    if (words[0] === S390) {
      checkMachine(name, line, words.length - 1, operations.length);
      arch = "s390x";
      continue;
    }
    operations.push(parseLine(name, line, words, names));
  }
  return { name, operations, arch };
}

/** The line that asks for an s390x: what has run would have run on the other machine. */
function checkMachine(file: string, line: number, given: number, operations: number): void {
  if (given > 0) {
    const wrong = `${S390} takes 0 arguments, ${given} given`;
    throw new LineError(file, line, wrong, `write it as ${S390}`);
  }
  if (operations > 0) {
    const accepted = "in a line before all operations";
    throw new LineError(file, line, `${S390} comes after operations`, `accepted ${accepted}`);
  }
}

function wordsOf(source: string): string[] {
  const comment = source.indexOf("#");
  const code = (comment < 0 ? source : source.slice(0, comment)).trim();
  return code === "" ? [] : code.split(/\s+/);
}

function parseLine(file: string, line: number, words: string[], names: Names): Operation {
  const [first = "", ...rest] = words;
  if (!isOperationName(first)) {
    throw new LineError(file, line, `unknown operation ${quoted(first)}`, acceptedFor(first));
  }
  const rule = grammar[first];
  const [fewest, most] = rule.arity;
  if (rest.length < fewest || rest.length > most) {
    // No operation can leave out more than one.
    const takes = fewest === most ? `${fewest}` : `${fewest} or ${most}`;
    throw new LineError(
      file,
      line,
      `${first} takes ${takes} ${takes === "1" ? "argument" : "arguments"}, ${rest.length} given`,
      `write it as ${rule.form}`,
    );
  }
  return rule.read(new Fields(file, line, rest, names), { line, text: words.join(" ") });
}

function isOperationName(word: string): word is OperationName {
  return Object.hasOwn(grammar, word);
}

/** The operation that was meant, if only its case or its hyphen is wrong; else all there are. */
function acceptedFor(word: string): string {
  const names = [...Object.keys(grammar), S390];
  const meant = names.find((name) => bare(name) === bare(word));
  return meant === undefined ? `accepted are ${names.join(", ")}` : `did you mean ${meant}?`;
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, "");
}
