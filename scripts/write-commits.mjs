// Writes docs/commits/: a page and a drawing for each lab, and their list, from what the labs find when they run. The
// library must be built.
//
//   node scripts/write-commits.mjs [NAME...]   these labs only; the list always
import * as fs from "node:fs";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const { labs, runLab } = await import("../dist/bindings/index.js");
const { pictureOf } = await import("../dist/bindings/labs/default-picture.js");
const { drawPicture } = await import("../dist/bindings/report/drawing/picture.js");
const { labIndex, labPage } = await import("../dist/bindings/report/lab-page.js");

const FOLDER = "docs/commits";
const names = process.argv.slice(2);

async function formatted(text) {
  const options = await prettier.resolveConfig(`${FOLDER}/README.md`);
  return prettier.format(text, { ...options, parser: "markdown" });
}

function removeWhatHasNoLab() {
  for (const file of fs.readdirSync(FOLDER)) {
    const [name] = file.split(".");
    if (name !== "README" && !labs.some((lab) => lab.name === name)) fs.rmSync(`${FOLDER}/${file}`);
  }
}

fs.mkdirSync(FOLDER, { recursive: true });
for (const lab of labs) {
  if (names.length > 0 && !names.includes(lab.name)) continue;
  const run = await runLab(lab);
  const picture = pictureOf(lab, run);
  if (picture) fs.writeFileSync(`${FOLDER}/${lab.name}.svg`, drawPicture(picture));
  fs.writeFileSync(
    `${FOLDER}/${lab.name}.md`,
    await formatted(labPage(lab, run, picture !== null)),
  );
  console.error(`${FOLDER}/${lab.name}.md${run.pass ? "" : ": the lab does not pass"}`);
  if (!run.pass) process.exitCode = 1;
}
removeWhatHasNoLab();
fs.writeFileSync(`${FOLDER}/README.md`, await formatted(labIndex(labs)));
