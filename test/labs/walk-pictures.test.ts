// Pictures of labs about walks that miss an entry, or are handed the wrong VMA.

import { describe, expect, test } from "vitest";
import { pictureOf } from "../../bindings/labs/default-picture.js";
import { labNamed } from "../../bindings/labs/index.js";
import { runLab } from "../../bindings/labs/runner.js";

async function pictured(name: string) {
  const lab = labNamed(name)!;
  return pictureOf(lab, await runLab(lab));
}

describe("the picture of the lab", () => {
  test.each([
    ["mremap-order", 4],
    ["thp-move", 2],
  ] as const)(
    "%s is a walk that misses what moves in the first of %i panels alone",
    async (name, count) => {
      const picture = await pictured(name);
      if (picture?.kind !== "pass") throw new Error(`it is ${picture?.kind}`);
      expect(picture.panels).toHaveLength(count);
      expect(picture.panels.map(({ isWrong }) => isWrong === true)).toEqual(
        Array.from({ length: count }, (_, i) => i === 0),
      );
      for (const { vmas, steps } of picture.panels) {
        expect(vmas.map(({ role }) => role).sort()).toEqual(["destination", "source"]);
        expect(steps.filter((step) => "from" in step)).toHaveLength(1);
      }
      const [missed] = picture.panels;
      const source = missed!.vmas.findIndex(({ role }) => role === "source");
      expect(missed!.steps).toMatchObject([
        { at: 1 - source, words: "nothing" },
        { from: source, to: 1 - source },
        { at: source, words: "nothing", isWrong: true },
      ]);
    },
  );

  test("vma-address and hugetlb-units show the VMAs that a walk is handed", async () => {
    const handed = async (name: string) => {
      const picture = await pictured(name);
      if (picture?.kind !== "offsets") throw new Error(`it is ${picture?.kind}`);
      return picture.panels.map(({ vmas, isWrong }) => ({
        vmas: [...new Set(vmas.map((vma) => vma.handed))],
        isWrong: isWrong === true,
      }));
    };
    expect(await handed("vma-address")).toEqual([
      { vmas: ["in vain", "found"], isWrong: false },
      { vmas: ["no", "found"], isWrong: false },
      { vmas: ["in vain", "found"], isWrong: false },
      { vmas: ["in vain", "no"], isWrong: true },
      { vmas: ["wrong", "no"], isWrong: true },
    ]);
    expect(await handed("hugetlb-units")).toEqual([
      { vmas: ["no"], isWrong: true },
      { vmas: ["wrong", "no"], isWrong: true },
      { vmas: ["found"], isWrong: false },
      { vmas: ["no", "found"], isWrong: false },
    ]);
  });

  test("brk-lock shows who waits for whom", async () => {
    const picture = await pictured("brk-lock");
    if (picture?.kind !== "sequence") throw new Error(`it is ${picture?.kind}`);
    expect(
      picture.panels.map(({ steps }) => steps.filter(({ isWrong }) => isWrong).length),
    ).toEqual([1, 0]);
  });
});
