// Which walks `rmaplab run --trace-walk` is to show.

import { ARENA_PAGES } from "../scenario/arena.js";
import { quoted } from "../scenario/line-error.js";
import type { Script } from "../scenario/script.js";
import type { WalkChoice } from "../scenario/walk-log.js";
import { InputError } from "./failure.js";

const FORM = /^([A-Za-z0-9_][A-Za-z0-9_.-]{0,63}):(\d{1,9})$/;
const ACCEPTED =
  "line:N, the walks of that line; P:PAGE, a walk for that page at the end; nothing, those of the last line that walks";

/** Is that written as a choice? What is not may be the script, after an option that was left without a value. */
export function isWalkChoice(text: string): boolean {
  return FORM.test(text);
}

/** The option's value as a choice in a script. @throws InputError for what the script does not have */
export function walkChoice(text: string | true, script: Script): WalkChoice {
  if (text === true) return "last";
  const [, name = "", digits = ""] = FORM.exec(text) ?? [];
  if (name === "") throw refused(text, "which walks that means is not known");
  const number = Number(digits);
  if (name === "line") return ofLine(text, number, script);
  return ofPage(text, name, number, script);
}

function ofLine(text: string, line: number, { name, operations }: Script): WalkChoice {
  if (operations.some((operation) => operation.line === line)) return { line };
  throw refused(text, `line ${line} of ${name} has no operation`);
}

function ofPage(text: string, process: string, page: number, script: Script): WalkChoice {
  const made = script.operations.some(
    (operation) =>
      (operation.op === "spawn" && operation.process === process) ||
      (operation.op === "fork" && operation.child === process),
  );
  if (!made) throw refused(text, `${script.name} makes no process ${quoted(process)}`);
  if (page >= ARENA_PAGES) throw refused(text, `pages go from 0 to ${ARENA_PAGES - 1}`);
  return { process, page };
}

/** The one line that says what is wrong with the option. */
export function refused(text: string, why: string): InputError {
  return new InputError(`--trace-walk: ${quoted(text)}: ${why}; accepted: ${ACCEPTED}`);
}
