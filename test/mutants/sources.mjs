// Sources of the core with all breaks in them at once, so that they are compiled once: each function that is broken
// begins with a look at which break is to be, and hands over to its broken copy.
//
//   export function f(a: u32): u32 {        export function f(a: u32): u32 { if (BREAK == 17) return f__17(a);
//     ...                              ->     ...
//   }                                       }
//                                           function f__17(a: u32): u32 {
//                                             ...broken...

import { dirname, relative } from "node:path/posix";
import { NO_BREAK } from "./choice.mjs";
import { placeOf } from "./place.mjs";

const choice = "assembly/choice";
/** The optimizer must not take for granted what something could assign to. */
const choiceText = `export let BREAK: i32 = ${NO_BREAK};
export function chooseBreak(number: i32): void {
  BREAK = number;
}
`;

function handOver(copy, { type, parameters, typeParameters }) {
  const types = typeParameters?.map((one) => one.name.text).join(", ");
  const values = parameters.map((one) => one.name.getText()).join(", ");
  const call = `${copy}${types ? `<${types}>` : ""}(${values});`;
  return type?.getText() === "void" ? `{ ${call} return; }` : `return ${call}`;
}

/** Copies come behind the rest, and nothing else on a line of its own: assertions name the line they are on. */
function withBreaks(file, text, breaks) {
  const hands = [];
  const copies = [];
  for (const { number, ...one } of breaks) {
    const place = placeOf(text, one);
    const { name, body } = place.function;
    const copy = `${name.text}__${number}`;
    const start = body.getStart();
    hands.push({
      at: start + 1,
      hand: ` if (BREAK == ${number}) ${handOver(copy, place.function)}`,
    });
    copies.push(`function ${copy}${text.slice(name.end, start)}${place.body}\n`);
  }
  let result = text;
  for (const { at, hand } of hands.sort((a, b) => b.at - a.at)) {
    result = result.slice(0, at) + hand + result.slice(at);
  }
  const path = relative(dirname(file), choice);
  const from = path.startsWith(".") ? path : `./${path}`;
  return `import { BREAK } from "${from}"; ${result}\n${copies.join("\n")}`;
}

/**
 * @param breaks all that are to be in them; the number of a break is its place in here
 * @param {(file: string) => string} read the text of a file of the core
 * @returns {Map<string, string>} the texts of files that are other than in the core
 */
export function brokenSources(breaks, read) {
  const inFiles = new Map();
  for (const [number, one] of breaks.entries()) {
    inFiles.set(one.file, [...(inFiles.get(one.file) ?? []), { ...one, number }]);
  }
  const texts = new Map([[`${choice}.ts`, choiceText]]);
  for (const [file, own] of inFiles) texts.set(file, withBreaks(file, read(file), own));
  const entry = "assembly/index.ts";
  const exported = `\nexport { chooseBreak } from "./choice";\n`;
  return texts.set(entry, (texts.get(entry) ?? read(entry)) + exported);
}
