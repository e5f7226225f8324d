// docs/commits/ is what `npm run docs:commits` would write.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as prettier from "prettier";
import { describe, expect, test } from "vitest";
import { pictureOf } from "../../bindings/labs/default-picture.js";
import { labs } from "../../bindings/labs/index.js";
import { runLab } from "../../bindings/labs/runner.js";
import { drawPicture } from "../../bindings/report/drawing/picture.js";
import { labIndex, labPage } from "../../bindings/report/lab-page.js";

const FOLDER = fileURLToPath(new URL("../../docs/commits/", import.meta.url));

async function formatted(text: string): Promise<string> {
  const options = await prettier.resolveConfig(`${FOLDER}README.md`);
  return prettier.format(text, { ...options, parser: "markdown" });
}

describe("the pages of the labs", { timeout: 120_000 }, () => {
  test("every lab has a page and a drawing, none is left of a lab that is gone, and the list has all", () => {
    const files = readdirSync(FOLDER).filter((file) => file !== "README.md");
    const expected = labs.flatMap(({ name }) => [`${name}.md`, `${name}.svg`]);
    expect(files.sort()).toEqual(expected.sort());
    const list = readFileSync(`${FOLDER}README.md`, "utf8");
    for (const { name } of labs) expect(list).toContain(`(${name}.md)`);
  });

  test("the list is as the labs write it", async () => {
    expect(readFileSync(`${FOLDER}README.md`, "utf8")).toBe(await formatted(labIndex(labs)));
  });

  test.each(labs)("$name is as its lab writes it", async (lab) => {
    const run = await runLab(lab);
    const picture = pictureOf(lab, run);
    if (picture === null) throw new Error(`${lab.name} has no picture`);
    expect(readFileSync(`${FOLDER}${lab.name}.md`, "utf8")).toBe(
      await formatted(labPage(lab, run, true)),
    );
    expect(readFileSync(`${FOLDER}${lab.name}.svg`, "utf8")).toBe(drawPicture(picture));
  });
});
