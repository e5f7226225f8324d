// docs/commits/ is what `npm run docs:commits` would write.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";
import { describe, expect, test } from "vitest";
import { pictureOf } from "../../bindings/labs/default-picture.js";
import { labs } from "../../bindings/labs/index.js";
import { runLab } from "../../bindings/labs/runner.js";
import { drawPicture } from "../../bindings/report/drawing/picture.js";
import { labPage } from "../../bindings/report/lab-page.js";

const FOLDER = fileURLToPath(new URL("../../docs/commits/", import.meta.url));
const written = labs.filter(({ name }) => existsSync(`${FOLDER}${name}.md`));

async function formatted(text: string): Promise<string> {
  const options = await prettier.resolveConfig(`${FOLDER}README.md`);
  return prettier.format(text, { ...options, parser: "markdown" });
}

describe("the pages of the labs", () => {
  test("no page is left of a lab that is gone, and the list has all pages", () => {
    const pages = readdirSync(FOLDER).filter(
      (file) => file.endsWith(".md") && file !== "README.md",
    );
    expect(pages.sort()).toEqual(written.map(({ name }) => `${name}.md`).sort());
    const list = readFileSync(`${FOLDER}README.md`, "utf8");
    for (const page of pages) expect(list).toContain(`(${page})`);
  });

  test.each(written)("$name is as its lab writes it", async (lab) => {
    const run = await runLab(lab);
    const picture = pictureOf(lab, run);
    expect(readFileSync(`${FOLDER}${lab.name}.md`, "utf8")).toBe(
      await formatted(labPage(lab, run, picture !== null)),
    );
    const svg = picture && drawPicture(picture);
    if (svg !== null) expect(readFileSync(`${FOLDER}${lab.name}.svg`, "utf8")).toBe(svg);
  });
});
