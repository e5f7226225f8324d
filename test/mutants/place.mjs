// Where a break belongs: the function that it changes, before and after.

import ts from "typescript";

/** Where two texts differ: behind what they begin with, before what they end with. */
function difference(from, to) {
  const shorter = Math.min(from.length, to.length);
  let same = 0;
  while (same < shorter && from[same] === to[same]) same++;
  let tail = 0;
  while (tail < shorter - same && from.at(-1 - tail) === to.at(-1 - tail)) tail++;
  return [same, from.length - tail];
}

/**
 * @param {string} text the file's
 * @param {{ rule: string, file: string, from: string, to: string }} one that is to be made
 * @returns the top-level function around what is broken, and its body broken
 * @throws Error that says why the break does not fit the file
 */
export function placeOf(text, { rule, file, from, to }) {
  const pieces = text.split(from);
  if (pieces.length !== 2) {
    const places = pieces.length - 1;
    throw new Error(`${file} has ${places} places like that of "${rule}"; it must have one`);
  }
  const [head, tail] = difference(from, to);
  const at = pieces[0].length;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const around = source.statements.find((one) => {
    if (!ts.isFunctionDeclaration(one) || !one.body) return false;
    return one.body.getStart() < at + head && at + tail < one.body.end;
  });
  if (!around) throw new Error(`the place of "${rule}" in ${file} is not in one function's body`);
  const start = around.body.getStart();
  const body = text.slice(start, at + head) + to.slice(head, to.length - (from.length - tail));
  return { function: around, body: body + text.slice(at + tail, around.body.end) };
}
