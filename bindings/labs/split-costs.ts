// What a mapping that was split into many VMAs costs with either index of an anon_vma: walks, splits, the mutex.

import { walksIn } from "../kernel/walk-trace.js";
import { at } from "./ground.js";
import type { MakeKernel, Observables, Sight } from "./lab.js";
import { mean } from "./point-queries.js";
import { split, walkCosts } from "./split-mapping.js";

/** VMAs where counts are wanted for many. */
export const MANY = 20_000;
/** Of them so many pages are asked for. */
export const SAMPLE = 200;
/** Numbers of VMAs among which list and tree cross. */
export const FEW = 32;
const MUTEX = "anon_vma mutex";
/** Room for all that is recorded of one node, and what a walk does besides. */
const EVENTS = 4;

/** Walks for some pages among many VMAs. */
export async function visits(makeKernel: MakeKernel): Promise<Observables> {
  const [kernel, process] = await split(makeKernel, MANY);
  const full = walkCosts(kernel, process, MANY / SAMPLE);
  const referenced = walkCosts(kernel, process, MANY / SAMPLE, "pageReferenced");
  return {
    vmas: process.vmaCount,
    walks: full.walks,
    found: full.found,
    visitedPerWalk: mean(full.visited, full.walks),
    touchedPerWalk: mean(full.touched, full.walks),
    irrelevantPerWalk: mean(full.irrelevant, full.walks),
    visitedPerPageReferenced: mean(referenced.visited, referenced.walks),
  };
}

/** One walk among many VMAs: what is done between the lock and the unlock of the anon_vma's mutex. */
export async function mutexHold(makeKernel: MakeKernel): Promise<Observables> {
  const [kernel, process] = await split(makeKernel, MANY, { build: "checked" });
  const page = process.pageAt(at(MANY / 2));
  if (page === null) throw new Error("the page is not there");
  kernel.recordEvents(true, { walks: true, most: EVENTS * MANY });
  kernel.rmapWalk(page);
  const [walk] = walksIn(kernel.takeEvents());
  const steps = walk?.steps ?? [];
  const [from, to] = (["lock", "unlock"] as const).map((name) =>
    steps.findIndex((one) => one.step === name && one.lock === MUTEX),
  );
  const held = steps.slice(from, to);
  const { taken, longest } = walk?.cost.locks[MUTEX] ?? { taken: 0, longest: 0 };
  return {
    mutexTaken: taken,
    nodesUnderMutex: held.filter(({ step }) => step === "node").length,
    vmasUnderMutex: held.filter(({ step }) => step === "vma").length,
    stepsUnderMutex: longest,
  };
}

/** What the splits themselves cost. */
export async function splits(makeKernel: MakeKernel): Promise<Observables> {
  const [kernel] = await split(makeKernel, MANY);
  const { vmaSplits, indexInserts, indexRemoves, rotations, maximaRewritten } = kernel.counters;
  return {
    ...{ vmaSplits, indexInserts, indexRemoves },
    rotationsPerSplit: mean(rotations, vmaSplits),
    maximaRewrittenPerSplit: mean(maximaRewritten, vmaSplits),
  };
}

/** Numbers of VMAs for which `sizes` walks: 1, 2, 4 and so on. */
export const SIZES = [1, 2, 4, 8, 16, 32, 64] as const;

/** Mean visits of a full walk by number of VMAs. */
export async function sizes(makeKernel: MakeKernel): Promise<Sight> {
  const observables: Record<string, number> = {};
  const shown: string[] = [];
  for (const vmas of SIZES) {
    const [kernel, process] = await split(makeKernel, vmas);
    const { visited, touched } = walkCosts(kernel, process, 1);
    observables[`visitedOf${vmas}`] = mean(visited, vmas);
    const each = `${mean(visited, vmas)} visited, ${mean(touched, vmas)} touched`;
    shown.push(`${String(vmas).padStart(3)} VMAs: ${each} per walk`);
  }
  return { observables, shown };
}

/** From how many VMAs on a tree visits fewer than the list, which visits all, and touches fewer. */
export async function crossover(makeKernel: MakeKernel): Promise<Observables> {
  let [visiting, touching] = [0, 0];
  for (let vmas = FEW; vmas > 0; vmas--) {
    const [kernel, process] = await split(makeKernel, vmas);
    const { visited, touched } = walkCosts(kernel, process, 1);
    if (visited >= vmas * vmas && visiting === 0) visiting = vmas + 1;
    if (touched >= vmas * vmas && touching === 0) touching = vmas + 1;
  }
  return { visitsFewerFrom: visiting, touchesFewerFrom: touching };
}
