// Which page a sentence is about.

import { KernelError } from "../core/kernel-error.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Operation } from "./operation.js";
import { pagesInWords } from "./wording.js";

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

/** "page" where the operation says which, else "page 10" or "pages 10-12". */
export function subject(operation: Operation, pages: readonly number[]): string {
  return isAccess(operation) ? "page" : pagesInWords(pages);
}
