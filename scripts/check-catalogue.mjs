// Holds docs/catalogue.md: every function of mm/rmap.c has a row, every function and test that a row names is there.
//
//   test/fixtures/rmap-functions.txt   the rows, by section; where the specification is at hand it says the same
import * as fs from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const PAGE = "docs/catalogue.md";
const ROWS = "test/fixtures/rmap-functions.txt";
const SPECIFICATION = "../shared/spec/rmap.md";

const faults = [];

function read(path) {
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8") : null;
}

/** "SECTION: NAME" of each line that names a row; `rowOf` gives the name, or null for other lines. */
function rowsIn(lines, rowOf, headings) {
  let section = "";
  return lines.flatMap((line) => {
    const heading = headings.exec(line);
    if (heading) section = heading[1];
    const row = heading ? null : rowOf(line);
    return row === null ? [] : [`${section}: ${row}`];
  });
}

/** First cell of a row of a table; null for heads and rules. */
function firstCell(line) {
  const [, cell = ""] = /^\| (.*?) +\|/.exec(line) ?? [];
  return cell === "" || /^(-+|function|in v3\.7)$/.test(cell) ? null : cell;
}

function compare(what, expected, actual) {
  for (const row of expected) if (!actual.includes(row)) faults.push(`${what} lacks "${row}"`);
  for (const row of actual)
    if (!expected.includes(row)) faults.push(`${what} has "${row}" too much`);
  if (new Set(actual).size < actual.length) faults.push(`${what} has a row twice`);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function isDefined(name, path) {
  const source = read(path) ?? "";
  return new RegExp(`^(export )?(function|class|const|enum) ${escaped(name)}\\b`, "m").test(source);
}

/** Is it what a call is given first, as tests are given their titles? */
function isTest(title, path) {
  const source = read(path) ?? "";
  return new RegExp(`[\\w)\\]]\\(\\s*(["'\`])${escaped(title)}\\1`).test(source);
}

function checkRow(line) {
  const [name, here, shown] = line
    .split(/(?<!\\)\|/)
    .slice(1, 4)
    .map((cell) => cell.trim());
  const places = here.split("<br>").map((place) => /^(.*) in `(assembly\/\S+)`$/.exec(place));
  for (const place of places) {
    const names = [...(place?.[1] ?? "").matchAll(/`(\w+)`/g)].map(([, found]) => found);
    if (names.length === 0) faults.push(`${PAGE}: "${name}" names no function: ${here}`);
    for (const found of names) {
      if (!isDefined(found, place[2])) faults.push(`${PAGE}: ${place[2]} defines no ${found}`);
    }
  }
  for (const group of shown.split("<br>")) {
    const [, path = "", titles = ""] = /^`(test\/\S+)`: (.*)$/.exec(group) ?? [];
    const quoted = [...titles.matchAll(/"([^"]+)"/g)].map(([, title]) => title);
    if (quoted.length === 0) faults.push(`${PAGE}: "${name}" names no test: ${group}`);
    for (const title of quoted.map((text) => text.replaceAll("\\|", "|"))) {
      if (!isTest(title, path)) faults.push(`${PAGE}: ${path} has no test "${title}"`);
    }
  }
}

const page = (read(PAGE) ?? "").split("\n");
const names = (read(ROWS) ?? "").split("\n");
const expected = rowsIn(names, (line) => line || null, /^## (.*)$/);
compare(PAGE, expected, rowsIn(page, firstCell, /^## (.*)$/));
const [, part] = (read(SPECIFICATION) ?? "").split(/^## Part 1\..*$/m);
if (part !== undefined) {
  const [table] = part.split(/^### What surrounds|^---$/m);
  compare(ROWS, rowsIn(table.split("\n"), firstCell, /^### (.*)$/), expected);
}
for (const line of page) if (firstCell(line) !== null) checkRow(line);

for (const fault of faults) console.error(`catalogue: ${fault}`);
if (faults.length > 0) process.exitCode = 1;
