// Why a page was copied rather than written, in words.

import type { KernelEvent } from "../kernel/kernel-event.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import { pageOf } from "./arena.js";
import type { Operation } from "./operation.js";
import type { Scene } from "./scene.js";
import { isAccess, pageIn, subject } from "./subject.js";
import { fileInWords, listed, placesOf } from "./wording.js";

/** What is said after "page" and after "pages". */
type Reason = readonly [one: string, many: string];

/** Page copies in words, those with the same reason together. */
export function copiesInWords(events: readonly KernelEvent[], scene: Scene): string[] {
  const { kernel, step } = scene;
  const groups = new Map<string, { readonly reason: Reason; readonly pages: number[] }>();
  // One frame that KSM shared may have been copied for thousands of places, all of which would be looked up.
  const reasons = new Map<number, Reason>();
  for (const { a, b } of events) {
    const reason = reasons.get(b) ?? reasonOf(kernel, step.operation, b);
    reasons.set(b, reason);
    const group = groups.get(reason[0]);
    if (group === undefined) groups.set(reason[0], { reason, pages: [pageOf(a)] });
    else group.pages.push(pageOf(a));
  }
  return [...groups.values()].map(
    ({ reason: [one, many], pages }) =>
      `${subject(scene, pages)} ${pages.length === 1 ? one : many}`,
  );
}

/** @param frame where the old page was; 0 the zero page */
function reasonOf(kernel: Kernel, operation: Operation, frame: number): Reason {
  if (frame <= 0) return alike("made in place of the zero page");
  const old = pageIn(kernel, frame);
  // Only what KSM shares is copied even by the last who shows it.
  if (old === null) return alike("copied, KSM shared the frame and nobody else is left");
  if (old.ksm) return alike(`copied, ${ksmInWords(old)}`);
  if (!old.anon && old.inode !== 0) {
    const name = fileInWords(old.file);
    const one = isAccess(operation) ? `it was page ${old.index} of ${name}` : `it was of ${name}`;
    return [
      `copied, ${one} and the mapping is private`,
      `copied, they were of ${name} and the mapping is private`,
    ];
  }
  return anonymous(old, "process" in operation ? operation.process : "");
}

function ksmInWords(old: Page): string {
  if (old.mapcount > 0) return `KSM shares the frame with ${placesOf(old)}`;
  return old.swapCache ? "KSM shared the frame, others have it in swap" : "KSM shared the frame";
}

function anonymous(old: Page, own: string): Reason {
  const others = new Set(old.mappings().map(({ process }) => process.name));
  others.delete(own);
  if (others.size > 0) {
    const names = listed([...others], "processes");
    return [
      `copied, the frame was shared with ${names}`,
      `copied, their frames were shared with ${names}`,
    ];
  }
  return old.swapCache
    ? ["copied, others still have it in swap", "copied, others still have them in swap"]
    : [
        "copied, the frame was still in use elsewhere",
        "copied, their frames were still in use elsewhere",
      ];
}

function alike(words: string): Reason {
  return [words, words];
}
