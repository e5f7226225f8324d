// Counters of the machine and of its address spaces that are not what a recount finds.

import { Violated } from "../../../assembly/violated.js";
import { space, times, type Wording, type Wordings } from "./words.js";

const rss =
  (kind: string, entries: string): Wording =>
  (pid, counter, found) =>
    `${kind} rss of ${space(pid)} is ${counter}, its page table holds ${found} ${entries}`;

export const counterWordings = {
  [Violated.NrAnonPages]: (counter, found) =>
    `NR_ANON_PAGES is ${counter}, ${times(found, "anonymous page is", "anonymous pages are")} mapped`,
  [Violated.NrAnonHuge]: (counter, found) =>
    `NR_ANON_TRANSPARENT_HUGEPAGES is ${counter}, ` +
    `${times(found, "huge page is", "huge pages are")} mapped`,
  [Violated.NrFileMapped]: (counter, found) =>
    `NR_FILE_MAPPED is ${counter}, ${times(found, "file page is", "file pages are")} mapped`,
  [Violated.NrDirty]: (counter, found) =>
    `NR_FILE_DIRTY is ${counter}, ${times(found, "page is", "pages are")} dirty`,
  [Violated.NrWriteback]: (counter, found) =>
    `NR_WRITEBACK is ${counter}, ${times(found, "page is", "pages are")} being written`,
  [Violated.NrMlock]: (counter, found) =>
    `NR_MLOCK is ${counter}, ${times(found, "page is", "pages are")} mlocked`,
  [Violated.AnonRss]: rss("anon", "anonymous pages"),
  [Violated.FileRss]: rss("file", "file pages"),
  [Violated.SwapRss]: rss("swap", "swap entries"),
  [Violated.LockedVm]: (pid, counter, found) =>
    `locked_vm of ${space(pid)} is ${counter}, its locked VMAs have ${times(found, "page")}`,
  [Violated.MapCount]: (pid, counter, found) =>
    `the map count of ${space(pid)} is ${counter}, its list has ${times(found, "VMA")}`,
  [Violated.Vmas]: (counter, found) =>
    `VMAs of all address spaces are counted as ${counter}, their lists hold ${found}`,
  [Violated.Tables]: (counter, found) =>
    `page tables are counted as ${counter}, the address spaces hold ${found}`,
  [Violated.MmUsers]: (pid, users, tasks) =>
    `the address space of ${pid ? `process ${pid}` : "nobody"} counts ${times(users, "user")}, ` +
    `${times(tasks, "task runs", "tasks run")} in it`,
  [Violated.MmCount]: (pid, counter, holders) =>
    `the struct of ${space(pid)} counts ${times(counter, "holder")}, it has ${holders}`,
  [Violated.MmLeft]: (pid) => `${space(pid)} has VMAs or page tables`,
  [Violated.TaskMm]: (pid) => `process ${pid} has no address space`,
  [Violated.TasksHeld]: (pid, counter, found) =>
    `${times(counter, "process is", "processes are")} counted as held inside a fault` +
    `${pid ? ` in ${space(pid)}` : ""}, ${found} ${found === 1 ? "is" : "are"}`,
  [Violated.FramesInUse]: (counter, found) =>
    `frames in use are counted as ${counter}, ${found} have references`,
  [Violated.FramesPoisoned]: (counter, found) =>
    `broken frames are counted as ${counter}, ${found} are marked`,
  [Violated.FramesBroken]: (counter, found) =>
    `broken frames that are free are counted as ${counter}, ${found} are`,
} satisfies Wordings;
