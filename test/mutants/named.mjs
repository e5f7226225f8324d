// Mutants that the description of the ten commits names (spec/commits.md), and what became of each: a break that tests
// notice, or an equivalent one, which no test can.
//
//   lab       of which commit or later defect
//   mutant    what is taken away, in the description's order
//   breaks    rules of breaks/ that take it away, word for word; each is noticed
//   equivalent   or the rule of the equivalent one

/** Changes after which the core does the same as before in all that anybody can see, with the argument for each. */
export const equivalents = [
  {
    group: "equivalent",
    rule: "a move to a VMA that begins at the same pgoff as the old one needs the locks",
    tests: ["test/explore/mremap-races", "test/api/mremap-order", "test/explore/outcomes"],
    file: "assembly/mm/mremap.ts",
    from: "const needLocks = self || target.pgoff <= source.pgoff;",
    to: "const needLocks = self || target.pgoff < source.pgoff;",
    because:
      "Walks come to the VMA with the smaller first pgoff, and of two with the same to the one that was put into the " +
      "tree later last. Where the first pgoffs are equal, the new place is a VMA that has just grown by a merge: its " +
      "bounds are its key, so it was taken out of all its trees and put back, behind the old place. mmap_sem is held for " +
      "write until the entries have moved, so nothing puts the old place behind it meanwhile. A walk comes to the old " +
      "place first, and misses nothing, with the locks or without them.",
  },
];

export const named = [
  // Commits, the oldest first.
  {
    lab: "memcg-stat",
    mutant: "the bracket begins after the map count has changed, or there is none (10b)",
    breaks: [
      "a page's map count and its memcg's mapped_file change in one bracket",
      "the bracket of an unmap begins before the map count goes down",
    ],
  },
  {
    lab: "memcg-stat",
    mutant: "anonymous pages have a bracket too (10c)",
    breaks: ["anonymous pages have no bracket", "move_lock is not held while a page is uncharged"],
  },
  {
    lab: "memcg-stat",
    mutant: "a move does not wait for readers (10d)",
    breaks: ["a move waits for those who read the owner before it"],
  },
  {
    lab: "memcg-stat",
    mutant: "the bracket's end unlocks an owner that it has not locked (10e)",
    breaks: ["the bracket ends with the lock of the owner that it began with"],
  },
  {
    lab: "memcg-stat",
    mutant: "the bracket does not end where others still map the page",
    breaks: ["the bracket ends also while others still map the page"],
  },
  {
    lab: "mremap-order",
    mutant: "no moveto_tail after a merge",
    breaks: ["a VMA that took in what is moved goes to the tail of its lists"],
  },
  {
    lab: "mremap-order",
    mutant: "no moveto_tail on the way back",
    breaks: ["a move that failed half-way sends the VMA to the tail that the entries go back to"],
  },
  {
    lab: "mremap-order",
    mutant: "the need for locks computed as false always",
    breaks: [
      "a move to a VMA that walks come to first needs the locks",
      "a way back needs the locks",
    ],
  },
  {
    lab: "mremap-order",
    mutant: "the need for locks computed with < for <=",
    equivalent: "a move to a VMA that begins at the same pgoff as the old one needs the locks",
  },
  {
    lab: "mremap-order",
    mutant: "the chain cloned before the new VMA's fields are set",
    breaks: ["a copied VMA has its bounds before it goes into the trees"],
  },
  {
    lab: "mremap-order",
    mutant: "the locks taken after the page-table lock",
    breaks: [
      "the anon_vma's mutex comes before the page-table locks",
      "a file's mutex comes before the page-table locks too",
    ],
  },
  {
    lab: "anon-index",
    mutant: "a bound changed without removal and insertion",
    breaks: [
      "no VMA is in a tree while its bounds change",
      "the end of a VMA is part of a tree's key",
    ],
  },
  {
    lab: "anon-index",
    mutant: "only the first link inserted again",
    breaks: [
      "all links of a VMA come back into their trees after its bounds changed, not the newest alone",
    ],
  },
  {
    lab: "anon-index",
    mutant: "the next VMA forgotten",
    breaks: [
      "nor is the next one, when the boundary to it moves",
      "a next VMA whose start moves along leaves the trees, also for one that is in none",
    ],
  },
  {
    lab: "anon-index",
    mutant: "the stack grown without leaving the trees",
    breaks: [
      "a VMA leaves the trees of its anon_vmas before it grows",
      "and comes back where its new bounds belong",
    ],
  },
  {
    lab: "clear-mlock",
    mutant: "PG_mlocked cleared before the map count goes down",
    breaks: [
      "PG_mlocked goes after the last mapping, not before: who maps the page still keeps it",
    ],
  },
  {
    lab: "clear-mlock",
    mutant: "PG_mlocked cleared inside the bracket of memcg statistics",
    breaks: [
      "PG_mlocked goes when the bracket of memcg statistics has ended, as LRU work is none for inside of move_lock",
    ],
  },
  {
    lab: "notifier-calls",
    mutant: "told before the entry is cleared",
    breaks: [
      "under the page-table lock a client is told once the entry is cleared",
      "a client that is told too early maps the old page again",
    ],
  },
  {
    lab: "notifier-calls",
    mutant: "a caller without a reference of its own",
    breaks: ["whoever unmaps holds the page until its clients have heard of it"],
  },
  {
    lab: "notifier-calls",
    mutant: "start and end with different ranges",
    breaks: [
      "the end of a range has the arguments of its start",
      "the two ends of a huge page's range have the same arguments",
    ],
  },
  {
    lab: "notifier-calls",
    mutant: "no end on an early out",
    breaks: [
      "a range ends also when the entry was not what it had been",
      "a copy of a huge page ends its range also when somebody else was faster",
    ],
  },
  {
    lab: "storage-key",
    mutant: "the mapping read after the map count went down",
    breaks: ["a page's mapping is read before it is unmapped"],
  },
  {
    lab: "storage-key",
    mutant: "the swap cache not asked for",
    breaks: ["page_mapping of a page in the swap cache is swap space, so its key is asked"],
  },
  // Where the description names none: what the switch or the repair rests on.
  {
    lab: "swap-token",
    mutant: "the constants and comparisons of the automaton",
    breaks: [
      "who takes the token gets 2 more",
      "the holder's priority grows by 2 with each read",
      "the token goes to who has more than the holder, not as much",
      "intervals are compared as unsigned numbers",
      "the holder grows old only after more than 255 reads",
    ],
  },
  {
    lab: "file-index",
    mutant: "the shape of a prio tree, and the order in its rings",
    breaks: [
      "of VMAs that reach as far the one that begins first is nearer to a prio tree's root",
      "below a VMA that leaves a prio tree, of two that reach as far the left one moves up",
      "a child's VMA comes last in the ring of the one that is in the tree",
      "the next in the ring is head when the head takes a place in the tree",
    ],
  },
  {
    lab: "vma-address",
    mutant: "no test of the range where an index offers too much",
    breaks: ["a VMA that an index offers and that does not hold the page is passed over"],
  },
  {
    lab: "page-evictable",
    mutant: "a question that writes, or a new page that nobody marks",
    breaks: [
      "page_evictable of v3.7 changes nothing",
      "a new page is mlocked by who adds it, where page_evictable does not do it",
    ],
  },
  {
    lab: "prio-pruning",
    mutant: "the prefix of a right turn kept, or lost",
    breaks: [
      "a search of a prio tree passes over what begins too late to the right",
      "v3.4 lost what the first pgoffs to the right of a prio tree's place begin with",
    ],
  },
  {
    lab: "thp-move",
    mutant: "a huge entry moved under the page_table_lock alone",
    breaks: [
      "once that is repaired, a huge entry that walks may miss moves under the mutex",
      "v3.7 takes the page_table_lock alone for a huge entry",
    ],
  },
  {
    lab: "hugetlb-units",
    mutant: "one unit for the question, another for the answer",
    breaks: [
      "v3.7 asks for a huge page of the pool in huge pages",
      "v3.16 asks for a huge page of the pool in small pages",
    ],
  },
  {
    lab: "ksm-walk",
    mutant: "an index asked for that the place never had",
    breaks: [
      "the walk asks an anon_vma for everything it has",
      "the exact walk asks for the index that the place had, which no address tells",
    ],
  },
  {
    lab: "fork-chain",
    mutant: "an anon_vma taken over that is in use, or counted wrong",
    breaks: [
      "fork's child takes over no anon_vma that is a VMA's own",
      "fork's child takes over no anon_vma with two children in use",
      "an anon_vma that no VMA is in any more is nobody's child",
    ],
  },
  {
    lab: "brk-lock",
    mutant: "the short cut of a moved end, without a list",
    breaks: [
      "the end of a VMA is part of a tree's key",
      "for a list nothing is locked where only the end of a VMA moves",
    ],
  },
  {
    lab: "late-invalidate",
    mutant: "a client told when the entry is gone and unlocked",
    breaks: [
      "a range around one page begins before its entry goes",
      "one page is told of in one way: by a range, or by itself",
    ],
  },
  {
    lab: "migration-mlock",
    mutant: "PG_mlocked lost on the way, or set where no VMA is locked",
    breaks: [
      "where it is repaired, an entry that is restored in a locked VMA mlocks the page",
      "one in another VMA does not",
    ],
  },
];
