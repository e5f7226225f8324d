import type { Kernel } from "../kernel/kernel.js";

/** Pages of all swap areas together, and how many of them are in use. */
export function swapRoom({ swapAreas }: Kernel): { readonly pages: number; readonly used: number } {
  return {
    pages: swapAreas.reduce((sum, { pages }) => sum + pages, 0),
    used: swapAreas.reduce((sum, { used }) => sum + used, 0),
  };
}
