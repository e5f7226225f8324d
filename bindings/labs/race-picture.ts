// A race between a walk and a move, as Overtaking tells it, as a panel of a sequence.

import type { SequencePicture, SequenceStep } from "./picture.js";

type Panel = SequencePicture["panels"][number];

/**
 * @param log lines "walk: ..." and "move: ..."
 * @param end what came of it
 * @param isLost does it end with an entry that the last step has missed?
 */
export function racePanel(
  title: string,
  log: readonly string[],
  end: string,
  isLost: boolean,
): Panel {
  const steps = log.map((line, i): SequenceStep => {
    const [actor = "", words = ""] = line.trim().split(/: (.*)/);
    return { actor, words, ...(isLost && i === log.length - 1 ? { isWrong: true as const } : {}) };
  });
  const panel = { title, actors: ["walk", "move"], steps, end };
  return isLost ? { ...panel, isWrong: true } : panel;
}
