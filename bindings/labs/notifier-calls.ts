import { stateAround } from "./history.js";
import type { Lab } from "./lab.js";
import {
  callsAndLocks,
  lateWrites,
  neverMoved,
  sleepingClient,
  stillUnderTheLock,
  withoutChangePte,
} from "./notifier-clients.js";
import { notifierPicture } from "./notifier-picture.js";

/** The calls where nothing was moved, in their order: start and end of a range, young for a question. */
const unmoved = {
  places: 8,
  placesThatSleepUnderSpinlock: 0,
  fork: "start, end",
  mremap: "start, end, start, end",
  mprotect: "start, end",
  munmap: "start, end",
  munmapOfAHugePageOfThePool: "start, start, end, end",
  truncate: "start, end, start, end",
  remapFilePages: "start, end",
  pageReferenced: "young",
};

export const notifierCalls: Lab = {
  name: "notifier-calls",
  kind: "commit",
  commit: "2ec74c3ef2d8",
  title: "MMU notifiers are called outside the page-table lock, and may sleep",
  ...stateAround("notifierCalls", "outside-ptl"),
  problem:
    "KVM and RDMA keep page tables of their own for the memory of a process. They are clients of mmu notifiers: the kernel " +
    "calls them when it changes entries of the process. Many of these calls came while the kernel held the page-table lock. " +
    "That is a spinlock, and who holds one must not sleep. But a network card must wait until its hardware has let a page go: " +
    "such a client could not be written at all.",
  beforeText:
    "Helpers such as ptep_clear_flush_notify clear an entry, flush the TLB and call the clients in one step, under the lock. " +
    "So nobody ever comes between: there is no moment in which the process has lost a page and the client still shows it. A " +
    "copy on write is not a range; a client without change_pte hears invalidate_page in its place, under the lock too.",
  afterText:
    "A change of a range begins before the first lock is taken and ends after the last is let go, both with the same " +
    "arguments, and both also if nothing was changed after all. try_to_unmap and page_mkclean call invalidate_page when they " +
    "have let the lock go. In all these calls clients may sleep. clear_flush_young and change_pte stay under the lock.\n\n" +
    "In exchange there is now a moment in which the entry is gone and the client does not know it: whoever unmaps must keep " +
    "the frame until the call has returned.",
  lookFor:
    "Places are functions of the kernel that call clients: 11 of those that the commit changed are here (the twelfth, " +
    "__xip_unmap, is not, as there are no execute-in-place files). Before, each calls a sleeping client under the " +
    "page-table lock; after, none does. Then the log of the calls, with the locks that are held at each. Places that the " +
    "commit leaves alone are controls: their calls are the same on both sides.",
  invariant:
    "No call in which a client may sleep is made under a spinlock; a range begins before the first change and ends after the " +
    "last with the same arguments; a frame stays until its clients have heard of it, and after that none of them shows it.",
  mutants: [
    "a client that is told too early maps the old page again",
    "whoever unmaps holds the page until its clients have heard of it",
    "the end of a range has the arguments of its start",
    "the two ends of a huge page's range have the same arguments",
    "a range ends also when the entry was not what it had been",
    "a copy of a huge page ends its range also when somebody else was faster",
    "a copy on write begins its range before the page-table lock",
    "try_to_unmap tells under the page-table lock where that is the kernel's way",
  ],
  meanings: {
    places: "functions of the kernel that are looked at",
    placesThatSleepUnderSpinlock: "of these, where a client sleeps under a spinlock",
    callsUnderSpinlock: "calls to invalidate, under the page-table lock",
    callsOutside: "calls to invalidate, without that lock",
    rangesTold: "pairs of these: start and end of a range",
    paths: "kernel paths, stopped after each step",
    pathsWithLateWrites: "of these, where a guest writes after the entry is gone",
    writesToFreeFrames: "of these writes, those to a frame that is free",
    pathsThatLeaveThePage: "paths after which the guest still shows the page",
    callsOfACopy: "what it is told of a copy on write",
    fork: "calls of a fork, in order",
    mremap: "calls of an mremap",
    mprotect: "calls of an mprotect",
    munmap: "calls of a munmap",
    munmapOfAHugePageOfThePool: "calls of a munmap of a huge page of the pool",
    truncate: "calls of a truncation",
    remapFilePages: "calls of remap_file_pages",
    pageReferenced: "calls of page_referenced",
    clearFlushYoungMaySleep: "may a client sleep in clear_flush_young?",
    changePteMaySleep: "may a client sleep in change_pte?",
  },
  scenarios: [
    {
      name: "sleeping-client",
      shows:
        "A network card, which sleeps when it is told of a change, at each place whose calls the commit moved.",
      expected: {
        before: { places: 11, placesThatSleepUnderSpinlock: 11 },
        after: { places: 11, placesThatSleepUnderSpinlock: 0 },
      },
      experiment: sleepingClient,
    },
    {
      name: "calls-and-locks",
      shows:
        "What a client hears of these changes, which locks are held then, and what the entry is: as before the change, absent, or new.",
      // As many as test/api/notifier-placement.test.ts lists, call by call.
      expected: {
        before: { callsUnderSpinlock: 16, callsOutside: 0, rangesTold: 5 },
        after: { callsUnderSpinlock: 0, callsOutside: 28, rangesTold: 12 },
      },
      experiment: callsAndLocks,
    },
    {
      name: "late-writes",
      shows:
        "The price: try_to_unmap, migration and page_mkclean, each stopped after each of its steps, while a guest writes to the page. Writes come after the entry is gone and the lock let go, but never to a frame that is free.",
      expected: {
        before: {
          paths: 3,
          pathsWithLateWrites: 0,
          writesToFreeFrames: 0,
          pathsThatLeaveThePage: 0,
        },
        after: {
          paths: 3,
          pathsWithLateWrites: 3,
          writesToFreeFrames: 0,
          pathsThatLeaveThePage: 0,
        },
      },
      experiment: lateWrites,
    },
    {
      name: "without-change-pte",
      shows: "A copy on write, as a client hears of it that has no change_pte.",
      expected: {
        before: { callsOfACopy: "invalidate_page" },
        after: { callsOfACopy: "invalidate_range_start, invalidate_range_end" },
      },
      experiment: withoutChangePte,
    },
    {
      name: "never-moved",
      shows:
        "Control: places that the commit leaves alone. Their calls come in the same order on both sides, and none that may sleep is under a spinlock.",
      expected: { before: unmoved, after: unmoved },
      experiment: neverMoved,
    },
    {
      name: "still-under-the-lock",
      shows: "Control: who sleeps in clear_flush_young or change_pte is wrong on both sides.",
      expected: {
        before: { clearFlushYoungMaySleep: false, changePteMaySleep: false },
        after: { clearFlushYoungMaySleep: false, changePteMaySleep: false },
      },
      experiment: stillUnderTheLock,
    },
  ],
  picture: (run) => notifierPicture(run, "calls-and-locks", "sleeping-client"),
};
