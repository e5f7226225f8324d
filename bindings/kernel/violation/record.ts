// What freed records get wrong: nobody may write to them.

import { Violated } from "../../../assembly/violated.js";
import { times, type Wordings } from "./words.js";

/** By the core's Cache. */
const RECORDS: readonly string[] = [
  ...["", "tasks", "address spaces", "VMAs", "anon_vmas", "chains", "inodes", "open files"],
  ...["page cache nodes", "swap slots", "cgroups", "stable nodes", "places of KSM"],
  ...["KSM's address spaces", "ranges of file data", "mmu notifiers", "pages of mmu notifiers"],
  ...["regions of huge pages", "promises of huge pages"],
];

export const recordWordings = {
  [Violated.Freed]: (cache, written) =>
    `${times(written, "freed record")} of ${RECORDS[cache] ?? "no known kind"} ${written === 1 ? "was" : "were"} written to`,
} satisfies Wordings;
