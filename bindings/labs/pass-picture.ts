// The last pass of a walk, as schedules.ts shows it, as a panel of a picture.

import { type PassStep, readPass } from "./pass.js";
import type { PassPicture, PassPictureStep } from "./picture.js";

type Panel = PassPicture["panels"][number];

/**
 * @param words what passInWords() says of the pass
 * @param isLost has the walk missed the entry?
 */
export function passPanel(title: string, words: string, end: string, isLost: boolean): Panel {
  const pass = readPass(words);
  const vmas = [...new Set(pass.flatMap((step) => (step.kind === "look" ? [step.vma] : [])))];
  const move = pass.find((step) => step.kind === "move");
  const placeOf = (page: number): number => vmas.findIndex((vma) => holds(vma, page));
  const destination = move === undefined ? -1 : placeOf(move.to);
  const steps = pass.map((step) => drawnStep(step, vmas, placeOf));
  const last = steps.at(-1);
  if (isLost && last !== undefined && "at" in last) {
    steps[steps.length - 1] = { ...last, isWrong: true };
  }
  const columns = vmas.map((name, i) => ({
    ...{ name: `VMA ${name}` },
    role: i === destination ? "destination" : "source",
  }));
  return { title, vmas: columns, steps, end, ...(isLost ? { isWrong: true } : {}) };
}

function drawnStep(
  step: PassStep,
  vmas: readonly string[],
  placeOf: (page: number) => number,
): PassPictureStep {
  switch (step.kind) {
    case "look":
      return { at: vmas.indexOf(step.vma), words: step.found };
    case "wait":
      return { words: `mremap ${step.words}` };
    case "move":
      return { from: placeOf(step.from), to: placeOf(step.to), words: "mremap moves it" };
  }
}

function holds(vma: string, page: number): boolean {
  const [first = 0, end = 0] = vma.split("-").map(Number);
  return page >= first && page < end;
}
