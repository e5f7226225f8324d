// What happened to VMAs and their anon_vmas inside an operation, in words.

import type { KernelEvent } from "../kernel/kernel-event.js";
import { ARENA_PAGES, pageOf } from "./arena.js";
import { forkInWords } from "./fork-words.js";
import type { Scene } from "./scene.js";
import { counted, LISTED, range } from "./wording.js";

/** By case of vma_merge. */
const MERGES: readonly string[] = [
  "merged",
  "fills the hole between both neighbours",
  "continues the VMA before",
  "continues the VMA after",
  "tail given to the VMA after",
  "head given to the VMA before",
  "joined with both neighbours",
  "joined with the VMA before",
  "joined with the VMA after",
];

const TEMPORARY: readonly string[] = ["VmaNew", "StackGrown", "AnonVmaNew"];

/** Events of one kind in words; null if they are not about VMAs. */
export function vmaEventsInWords(scene: Scene, events: readonly KernelEvent[]): string[] | null {
  const { operation } = scene.step;
  const total = events.reduce((sum, { a }) => sum + a, 0);
  const [first] = events;
  if (operation.op === "exec" && first !== undefined) {
    // The temporary stack is where no page number leads.
    if (TEMPORARY.includes(first.event)) return [];
    if (first.event === "VmaGone") {
      const words = events.filter(({ a }) => pageOf(a) < ARENA_PAGES).map(eventInWords);
      return shortest(words.filter((sentence) => sentence !== null));
    }
    if (first.event === "EntriesMoved") return ["moved to where the stack is"];
  }
  switch (first?.event) {
    case "StackGrown": {
      const lowest = events.at(-1)?.c ?? 0;
      return [`stack grows by ${counted(total, "page")}, down to ${pageOf(lowest)}`];
    }
    case "EntriesCopied":
      return forkInWords(scene, events);
    case "AnonVmaCloned":
      return [`${counted(total, "anon_vma link")} copied for ${counted(events.length, "VMA")}`];
    case "VmaNew":
      if (operation.op === "fork") return [`${counted(events.length, "VMA")} copied`];
      break;
    case "AnonVmaNew":
      if (operation.op === "fork") {
        return [`${counted(events.length, "anon_vma")} made for the child, below the parent's`];
      }
      break;
    case "Zapped":
      return total === 0 ? [] : [`${counted(total, "page")} unmapped`];
    default:
  }
  const words = events.map(eventInWords).filter((sentence) => sentence !== null);
  return words.length === 0 ? null : shortest(words);
}

function shortest(words: string[]): string[] {
  if (words.length <= LISTED) return words;
  return [`${words[0]}, and ${words.length - 1} more like it`];
}

function eventInWords({ event, a, b, c }: KernelEvent): string | null {
  switch (event) {
    case "VmaSplit":
      return `VMA ${range(a, c)} split at ${pageOf(b)}`;
    case "VmaMerge":
      return `${MERGES[a] ?? "merged"} (merge case ${a}): VMA ${range(b, c)}`;
    case "VmaNew":
      return `new VMA ${range(a, b)}`;
    case "VmaGone":
      return `VMA ${range(a, b)} removed`;
    case "AnonVmaNew":
      return `anon_vma ${a} made, no neighbour had one to take`;
    case "AnonVmaReused":
      return `anon_vma ${a} taken from a neighbour, so that they can merge`;
    case "AnonVmaInherited":
      return `anon_vma ${a} taken over, which no VMA called its own any more`;
    case "EntriesMoved":
      return `${counted(a, "page")} moved from ${pageOf(b)} to ${pageOf(c)}, in the same frames`;
    case "Remapped":
      return `${pagesFrom(pageOf(b), a)} ${a === 1 ? "shows" : "show"} ${pagesFrom(c, a)} of the file`;
    default:
      return null;
  }
}

/** "page 3", "pages 3-5". */
function pagesFrom(first: number, n: number): string {
  return n === 1 ? `page ${first}` : `pages ${first}-${first + n - 1}`;
}
