// The arguments of a call as strace prints them: where they end, and where one ends and the next begins.
//
// Parentheses, brackets and braces nest; strings have escapes; `/* comments */` stand anywhere; a
// descriptor carries its path in angle brackets: 3</lib/libc.so>, 4<TCP:[1.2.3.4:5->6.7.8.9:80]>,
// 5</dev/pts/0<char 136:0>>, AT_FDCWD</srv>.

/** Index of the parenthesis that closes the call whose arguments begin at 0, or -1. */
export function closingParenthesis(text: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x28: // (
      case 0x5b: // [
      case 0x7b: // {
        depth++;
        break;
      case 0x29: // )
        if (depth === 0) return at;
        depth--;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      default:
        at = skipOpaque(text, at);
    }
  }
  return -1;
}

/** The arguments between the commas of one level, trimmed, comments removed. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x28:
      case 0x5b:
      case 0x7b:
        depth++;
        break;
      case 0x29:
      case 0x5d:
      case 0x7d:
        depth--;
        break;
      case 0x2c: // ,
        if (depth === 0) {
          parts.push(withoutComments(text.slice(from, at)));
          from = at + 1;
        }
        break;
      default:
        at = skipOpaque(text, at);
    }
  }
  const last = withoutComments(text.slice(from));
  if (last !== "" || parts.length > 0) parts.push(last);
  return parts;
}

/** The last index of a string, a comment or a descriptor's path that begins at `at`; else `at` itself. */
function skipOpaque(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    case 0x22: // "
      return endOfString(text, at);
    case 0x2f: // /
      if (text.charCodeAt(at + 1) !== 0x2a) return at;
      return endOrLength(text.indexOf("*/", at + 2), 1, text);
    case 0x3c: // <
      return isAnnotation(text, at) ? endOfAnnotation(text, at) : at;
    default:
      return at;
  }
}

function endOfString(text: string, at: number): number {
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x5c) end++;
    else if (code === 0x22) return end;
  }
  return text.length;
}

/** A path follows a descriptor's digits or AT_FDCWD; 21<<MAP_HUGE_SHIFT is a number. */
function isAnnotation(text: string, at: number): boolean {
  if (text.charCodeAt(at + 1) === 0x3c || at === 0) return false;
  const before = text.charCodeAt(at - 1);
  return (before >= 0x30 && before <= 0x39) || text.startsWith("AT_FDCWD", at - 8);
}

/** The angle bracket that closes a path; strace escapes those of the path itself, not those it adds. */
export function endOfAnnotation(text: string, at: number): number {
  let depth = 0;
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x3c) depth++;
    else if (code === 0x3e && text.charCodeAt(end - 1) !== 0x2d && --depth === 0) return end;
  }
  return text.length;
}

function endOrLength(found: number, extra: number, text: string): number {
  return found < 0 ? text.length : found + extra;
}

function withoutComments(text: string): string {
  if (!text.includes("/*")) return text.trim();
  let kept = "";
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const end = skipOpaque(text, at);
    if (end > at && text.charCodeAt(at) === 0x2f) {
      kept += text.slice(from, at);
      from = end + 1;
    }
    at = end;
  }
  return (kept + text.slice(from)).trim();
}
