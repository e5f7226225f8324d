// One line that strace wrote, taken apart as far as its kind.

import { closingParenthesis } from "./strace-arguments.js";
import type { Clock } from "./clock.js";

/** A line of an strace capture. Texts are as strace printed them, comments and all. */
export type StraceLine = { tid: number | null; time: number } & (
  | { kind: "call"; name: string; args: string; result: string }
  | { kind: "begun"; name: string; args: string }
  | { kind: "resumed"; name: string; rest: string }
  | { kind: "signal"; signal: string; info: string }
  | { kind: "end"; how: "exited" | "killed" }
  | { kind: "superseded"; by: number }
  | { kind: "note" }
);

/** What a line of an strace capture looks like, for messages. */
export const STRACE_LINE_FORM =
  "expected [TID] SEC.FRACTION call(args) = result, as strace -f -ttt -y -o FILE writes it";

const PREFIX = /^(?:\[pid +(\d{1,10})\] +|(\d{1,10}) +)?(\d{1,12})\.(\d{1,9}) +/;
const CALL = /^([A-Za-z_0-9]+|\?\?\?)\(/;
const RESUMED = /^<\.\.\. ([A-Za-z_0-9]+|\?\?\?) resumed>/;
const UNFINISHED = "<unfinished ...>";
const SIGNAL = /^--- (SIG[A-Z0-9_]+|stopped by SIG[A-Z0-9_]+)(?: (.*))? ---$/;
const END = /^\+\+\+ (exited with|killed by|superseded by execve in pid) (\w+).* ?\+\+\+$/;

/** Takes a line apart, or gives null when it is none that strace writes. */
export function parseStraceLine(line: string, clock: Clock): StraceLine | null {
  const prefix = PREFIX.exec(line);
  if (!prefix) return /^strace: /.test(line) ? { tid: null, time: 0, kind: "note" } : null;
  const tid = Number(prefix[1] ?? prefix[2] ?? NaN);
  const stamp = {
    tid: Number.isNaN(tid) ? null : tid,
    time: clock.at(prefix[3] ?? "", prefix[4] ?? ""),
  };
  const body = line.slice(prefix[0].length);
  const parts = parseBody(body);
  return parts && { ...stamp, ...parts };
}

type Body = StraceLine extends infer Line
  ? Line extends StraceLine
    ? Omit<Line, "tid" | "time">
    : never
  : never;

function parseBody(body: string): Body | null {
  switch (body.charCodeAt(0)) {
    case 0x3c: // <
      return parseResumed(body);
    case 0x2d: // -
      return parseSignal(body);
    case 0x2b: // +
      return parseEnd(body);
    default:
      return parseCall(body);
  }
}

function parseCall(body: string): Body | null {
  const head = CALL.exec(body);
  if (!head) return null;
  const name = head[1] ?? "";
  const from = head[0].length;
  if (body.endsWith(UNFINISHED)) {
    return { kind: "begun", name, args: body.slice(from, -UNFINISHED.length).trimEnd() };
  }
  return splitCall(name, body.slice(from));
}

function parseResumed(body: string): Body | null {
  const head = RESUMED.exec(body);
  return head && { kind: "resumed", name: head[1] ?? "", rest: body.slice(head[0].length) };
}

/** A finished call from the text behind its opening parenthesis: `args) = result`. */
export function splitCall(
  name: string,
  text: string,
): { kind: "call"; name: string; args: string; result: string } | null {
  const close = closingParenthesis(text);
  if (close < 0) return null;
  const equals = /^\s*= /.exec(text.slice(close + 1, close + 400));
  if (!equals) return null;
  return {
    kind: "call",
    name,
    args: text.slice(0, close),
    result: text.slice(close + 1 + equals[0].length),
  };
}

function parseSignal(body: string): Body | null {
  const match = SIGNAL.exec(body);
  if (!match) return null;
  const signal = match[1] ?? "";
  if (signal.startsWith("stopped")) return { kind: "note" };
  return { kind: "signal", signal, info: match[2] ?? "" };
}

function parseEnd(body: string): Body | null {
  const match = END.exec(body);
  if (!match) return null;
  if (match[1] === "exited with") return { kind: "end", how: "exited" };
  if (match[1] === "killed by") return { kind: "end", how: "killed" };
  const by = Number(match[2]);
  return Number.isInteger(by) ? { kind: "superseded", by } : null;
}
