import { integer, refused } from "./argument.js";
import type { Context } from "./context.js";
import { Process } from "./process.js";
import type { Vma } from "./vma.js";

/** How a VMA is named to the core: its process, and where it starts. @throws KernelError EINVAL, ESTALE */
export function vmaPlace(context: Context, call: string, vma: Vma): [task: number, start: number] {
  if (typeof vma !== "object" || vma === null) {
    throw refused(call, "vma", vma, "a Vma (vmaAt() is null where nothing is mapped)");
  }
  const task = Process.handleOf(context, vma.process, call, "vma.process");
  return [task, integer(call, "vma.start", vma.start)];
}
