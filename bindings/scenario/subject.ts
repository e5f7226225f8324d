// Which page a sentence is about.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Operation } from "./operation.js";
import type { Scene } from "./scene.js";
import { counted, pagesInWords } from "./wording.js";

/** The page in a frame; null if the frame was given back meanwhile. */
export function pageIn(kernel: Kernel, frame: number): Page | null {
  try {
    return kernel.page(frame);
  } catch (error) {
    if (error instanceof KernelError && error.code === "ESTALE") return null;
    throw error;
  }
}

/** Does the operation name the one page that it is about? Then its number need not be told. */
export function isAccess(operation: Operation): boolean {
  return operation.op === "read" || operation.op === "write";
}

/** May pages of several processes be meant, so that a number alone names none? */
function isAmbiguous({ runner, step }: Scene): boolean {
  if ("process" in step.operation) return false;
  return runner.processes.filter(({ process }) => process.alive).length !== 1;
}

/** "page 10" or "pages 10-12"; only their number where that could be those of several processes. */
export function numbered(scene: Scene, pages: readonly number[]): string {
  const distinct = new Set(pages).size === pages.length;
  return distinct && !isAmbiguous(scene) ? pagesInWords(pages) : counted(pages.length, "page");
}

/** "page" where the operation says which, else as `numbered`. */
export function subject(scene: Scene, pages: readonly number[]): string {
  return isAccess(scene.step.operation) ? "page" : numbered(scene, pages);
}
