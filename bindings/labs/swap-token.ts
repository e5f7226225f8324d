import { stateAround } from "./history.js";
import type { Lab } from "./lab.js";
import { thrashing } from "./thrash-ground.js";
import { tokenStory } from "./token-line.js";
import { tokenPicture } from "./token-picture.js";
import { controls, HELD, heldObservables, programText } from "./token-reference.js";

const THRASHING = "thrashing";
const nothing = { itselfAsks: 0, mmapSemIsFree: 0, afterPriority0: 0, heldWithoutToken: 0 };

export const swapToken: Lab = {
  name: "swap-token",
  kind: "commit",
  commit: "e709ffd6169c",
  title: "The swap token, which let one thrashing process keep its pages, is removed",
  ...stateAround("swapToken", "off"),
  problem:
    "When processes together need more memory than there is, each page that one of them reads from swap pushes out a page " +
    "that another needs next, and none of them gets anywhere: they thrash. Rik van Riel's swap token of 2004 let one process " +
    "at a time keep its pages. In 2012 he removed it. One token for the whole machine fits neither memory cgroups nor NUMA; " +
    "it fills the lists of anonymous pages with pages that can't be reclaimed; and it had been broken for a year with no " +
    "complaint.",
  beforeText:
    "Who has the token: a fault that must read from swap contends for it, just before the read. If nobody has it, the fault " +
    "takes it. Else priorities decide. The holder's grows by 2 with each of its reads. Another's grows by 1 if fewer reads of " +
    "all have passed since its last one than the time before, else it falls by 1; with more than the holder's it takes the " +
    "token, and 2 more. The holder grows old: more than 255 reads after the token was taken, or after the last time, its " +
    "priority is halved. The token falls when its holder ends or changes its cgroup, and when reclaim, at priority 0, tries everything.\n\n" +
    "What it is good for: while somebody has the mmap_sem of the holder, as its own fault that waits for swap does, " +
    "page_referenced counts one reference more at each of its entries, touched or not. So reclaim keeps these pages. " +
    "Only the holder's own reclaim does not.",
  afterText:
    "All of it is gone. What page_referenced says depends on accessed bits, locked VMAs, the hint that reading is sequential " +
    "and the memory cgroup alone.",
  lookFor:
    "The time line of three processes that thrash. Each has 160 pages and touches them in turn, 2,000 times, and " +
    "there is memory for 256. Before, A has the token, keeps its pages and is done first; then B, then C. After, no page stays until it is " +
    "needed again, and every touch is a read from swap. This is the load that the token was made for.\n\n" +
    "Below it, one idle page of the holder: before, it counts as referenced and goes back to the active list; after, it is " +
    "reclaimed. The four controls are 0 on both sides.",
  invariant:
    "Before: at most one address space has the token, and somebody runs in it. After: nothing but touches makes a page " +
    "referenced.",
  mutants: [
    "only a fault that reads from swap contends for the token",
    "the token goes to who has more than the holder, not as much",
    "intervals are compared as unsigned numbers",
    "the holder grows old only after more than 255 reads",
    "the token falls with the last user of its holder",
    "the token falls when its holder changes its cgroup",
    "reclaim for one cgroup leaves the token of another",
    "kswapd takes the token whatever it reclaims for",
    "a new thread takes the priority of all",
    "who asks for its own page is not told that it was touched",
    "only while its mmap_sem is held",
  ],
  meanings: {
    readsFromSwap: "reads from swap, of all three processes",
    readsOfA: "of these, reads of A's pages",
    readsOfB: "of these, reads of B's pages",
    readsOfC: "of these, reads of C's pages",
    tokenHolders: "who has the token, one after the other",
    timesHalved: "times that a holder's priority was halved",
    holder: "who has the token when B asks",
    referenced: "references that page_referenced counts for B",
    fate: "what reclaim does with the idle page",
    itselfAsks: "references, if A asks for its own page",
    mmapSemIsFree: "references, if A is in no fault",
    afterPriority0: "references, if reclaim came to priority 0 before",
    heldWithoutToken: "references to a page of B, which is in a fault",
    lastPriorities: "priorities after the last read",
    lastIntervals: "reads of all between the last two of each",
  },
  scenarios: [
    {
      name: THRASHING,
      shows:
        "Three processes with 160 pages each and 256 pages of memory for all, the limit of their cgroup. They run in turns: until the next read from swap, at most 64 touches. Who waits for swap is inside its fault until its next turn.",
      // Before: what the naive model of test/model comes to as well. After: of the 480 pages that are touched in turns
      // 256 at most are there, those touched last, so that each touch finds its page gone.
      expected: {
        before: {
          readsFromSwap: 896,
          readsOfA: 165,
          readsOfB: 308,
          readsOfC: 423,
          tokenHolders: "A B C",
          timesHalved: 3,
        },
        after: {
          readsFromSwap: 6000,
          readsOfA: 2000,
          readsOfB: 2000,
          readsOfC: 2000,
          tokenHolders: "nobody",
          timesHalved: 0,
        },
      },
      experiment: thrashing,
    },
    {
      name: "held",
      shows:
        "A reads from swap and stays in its fault; B asks for an idle page of A, and then reclaims it.",
      script: HELD,
      expected: {
        before: { holder: "A", referenced: 1, fate: "activated" },
        after: { holder: "nobody", referenced: 0, fate: "reclaimed" },
      },
      observe: heldObservables,
    },
    {
      name: "controls",
      shows:
        "The same with one thing missing each: A asks itself; A is in no fault; reclaim has been at priority 0; B is in a fault, but A has the token.",
      expected: { before: nothing, after: nothing },
      experiment: controls,
    },
    {
      name: "program-text",
      shows:
        "An idle page of A's program text, while A is in a fault: with the reference reclaim sees that it is executable, and activates such a page at its first reference.",
      expected: { before: { fate: "activated" }, after: { fate: "reclaimed" } },
      experiment: programText,
    },
    {
      name: "rules",
      shows:
        "Each rule once, in 290 reads from swap that are made one by one: A takes the token, as nobody has it; B reads sooner each time until it has more; it exits, and C takes it; reclaim at priority 0 takes it away; A, which then sleeps, loses half of its priority.",
      expected: {
        before: {
          readsFromSwap: 290,
          tokenHolders: "A B nobody C nobody A",
          timesHalved: 1,
          lastPriorities: "A 4, B 0, C 0",
          lastIntervals: "A 1, B 0, C 1",
        },
        after: {
          readsFromSwap: 290,
          tokenHolders: "nobody",
          timesHalved: 0,
          lastPriorities: "A 0, B 0, C 0",
          lastIntervals: "A 0, B 0, C 0",
        },
      },
      experiment: tokenStory,
    },
  ],
  picture: (run) => tokenPicture(run, THRASHING),
};
