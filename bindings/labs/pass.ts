// One pass of a walk over the VMAs of an anon_vma while entries move between two of them: what the log of Overtaking tells
// of it, in a line for people, which a picture reads again.

/** A look of the walk into a VMA, or what the move does meanwhile. */
export type PassStep =
  | { readonly kind: "look"; readonly vma: string; readonly page: number; readonly found: string }
  | { readonly kind: "wait"; readonly words: string }
  | { readonly kind: "move"; readonly from: number; readonly to: number; readonly entries: number };

const BEGINS = /^walk: .* begins$/;
const COMES = /^walk: comes to the VMA (\S+)$/;
const FINDS = /^walk: finds (.+?)(?:, not even a table)? at (\d+)$/;
const NOTHING = "nothing";
const PUTS = /^walk: ((?:puts|marks) .+)$/;
const MOVES = /^move: (\d+) entr(?:y goes|ies go) from (\d+) to (\d+)$/;
const WAITS = /^move: (waits.*)$/;

/**
 * Do the two meet in the middle of the pass: do entries move, or does the move wait, when the walk has looked into one VMA
 * and found what was there before?
 */
export function meetsMove(log: readonly string[]): boolean {
  const steps = lastPass(log);
  const [look, then] = steps;
  const move = steps.find((step) => step.kind === "move");
  if (look?.kind !== "look" || move === undefined || then?.kind === "look") return false;
  const isSource = look.page >= move.from && look.page < move.from + move.entries;
  return isSource === (look.found !== NOTHING);
}

function beginOfLast(log: readonly string[]): number {
  return log.reduce((last, line, i) => (BEGINS.test(line) ? i : last), -1);
}

/** The last pass of a log. */
export function lastPass(log: readonly string[]): PassStep[] {
  const steps: PassStep[] = [];
  let vma = "";
  for (const line of log.slice(beginOfLast(log) + 1)) {
    vma = COMES.exec(line)?.[1] ?? vma;
    const [, found, page] = FINDS.exec(line) ?? [];
    const [, entries, from, to] = MOVES.exec(line) ?? [];
    const waits = WAITS.exec(line)?.[1];
    if (found !== undefined) steps.push({ kind: "look", vma, page: Number(page), found });
    if (entries !== undefined) {
      steps.push({ kind: "move", from: Number(from), to: Number(to), entries: Number(entries) });
    }
    // Later it waits with what is left of mremap, which is nobody's concern here.
    if (waits !== undefined && !steps.some(({ kind }) => kind === "move")) {
      steps.push({ kind: "wait", words: waits });
    }
    const did = PUTS.exec(line)?.[1];
    const last = steps.at(-1);
    if (did !== undefined && last?.kind === "look") {
      steps[steps.length - 1] = { ...last, found: `${last.found}, ${did}` };
    }
  }
  return steps;
}

const AFTER = "; ";

/** "walk in 0-4 at 3: nothing; move: 2 entries from 50 to 2; walk in 50-52 at 51: nothing". */
export function passInWords(steps: readonly PassStep[]): string {
  return steps.map(stepInWords).join(AFTER);
}

function stepInWords(step: PassStep): string {
  switch (step.kind) {
    case "look":
      return `walk in ${step.vma} at ${step.page}: ${step.found}`;
    case "wait":
      return `move: ${step.words}`;
    case "move":
      return `move: ${step.entries} ${step.entries === 1 ? "entry" : "entries"} from ${step.from} to ${step.to}`;
  }
}

/** What passInWords() has written. */
export function readPass(words: string): PassStep[] {
  return words.split(AFTER).map((one): PassStep => {
    const [, vma, page, found] = /^walk in (\S+) at (\d+): (.+)$/.exec(one) ?? [];
    if (vma !== undefined && found !== undefined) {
      return { kind: "look", vma, page: Number(page), found };
    }
    const [, entries, from, to] = /^move: (\d+) entr\S+ from (\d+) to (\d+)$/.exec(one) ?? [];
    if (entries !== undefined) {
      return { kind: "move", from: Number(from), to: Number(to), entries: Number(entries) };
    }
    return { kind: "wait", words: one.replace("move: ", "") };
  });
}
