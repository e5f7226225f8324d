// What reclaim did not take, and why, in words.

import type { PageFate } from "../../assembly/abi/result.js";
import { fates as fateNames, type Fate } from "../kernel/page-fate.js";
import type { Kernel } from "../kernel/kernel.js";
import type { ReclaimOperation } from "./operation.js";
import type { Scene } from "./scene.js";
import { whyStayed } from "./staying.js";
import { pageIn } from "./subject.js";
import { swapRoom } from "./swap-room.js";
import { counted, fewReasons, listed, placeOf } from "./wording.js";

/** Why there was not more to take; nothing if there is nothing to say. */
export function leftByReclaim(scene: Scene, operation: ReclaimOperation): string[] {
  if (operation.count === 0) return ["none was asked for"];
  const stayed = stayedInWords(scene);
  const value = scene.step.result?.[2];
  if (typeof value === "number" && value >= operation.count) return stayed;
  return [...stayed, ...notLookedAt(scene)];
}

/** Pages that were looked at and stayed, by reason; a page that is met again counts as it was at last. */
function stayedInWords({ kernel, events }: Scene): string[] {
  const fates = new Map<number, { readonly fate: Fate; readonly touched: boolean }>();
  for (const { event, a, b, c } of events) {
    if (event === "Reclaimed") fates.set(a, { fate: fateNames[b as PageFate], touched: c === 1 });
  }
  const places = new Map<string, string[]>();
  for (const [frame, { fate, touched }] of fates) {
    const page = fate === "reclaimed" ? null : pageIn(kernel, frame);
    if (page === null) continue;
    const why = whyStayed(kernel, page, fate, touched);
    const same = places.get(why);
    if (same === undefined) places.set(why, [placeOf(page)]);
    else same.push(placeOf(page));
  }
  return fewReasons(
    [...places].map(
      ([why, pages]) =>
        `${listed(pages, "pages")} ${pages.length === 1 ? "stays" : "stay"}: ${why}`,
    ),
  );
}

/** Why reclaim did not look at more. */
function notLookedAt({ kernel, events }: Scene): string[] {
  const memory = memoryPassedOver(kernel);
  if (events.some(({ event }) => event === "Reclaimed")) return memory;
  const { nr_inactive_file: files, nr_unevictable: unevictable } = kernel.vmstat();
  if (files > 0) {
    const were = files === 1 ? "was" : "were";
    memory.push(`${counted(files, "page")} of files ${were} active, the next reclaim looks there`);
  }
  if (memory.length > 0) return memory;
  if (unevictable === 0) return ["there was none to look at"];
  return [`${counted(unevictable, "page")} can't be reclaimed, mlocked or of a ramfs`];
}

/** Without room in swap reclaim passes over the lists of memory that has no file on a disk. */
function memoryPassedOver(kernel: Kernel): string[] {
  const { pages, used } = swapRoom(kernel);
  if (used < pages) return [];
  const { nr_inactive_anon: inactive, nr_active_anon: active } = kernel.vmstat();
  const memory = inactive + active;
  if (memory === 0) return [];
  const why = pages === 0 ? "there is no swap" : "swap is full";
  const are = memory === 1 ? "is" : "are";
  return [`${counted(memory, "page")} without a file on disk ${are} passed over: ${why}`];
}
