// The ten commits as the kernel's own history has them, and how long the later defects lasted.

/** A commit of the kernel. */
export interface Commit {
  /** The lab that runs it. */
  readonly lab: string;
  /** Its subject line. */
  readonly subject: string;
  /** The first tag that has it. */
  readonly release: string;
  /** The month in which it was merged. */
  readonly date: string;
}

/** The ten commits by their first 12 digits, from the oldest. */
export const commits: Readonly<Record<string, Commit>> = {
  "89c06bd52fb9": {
    lab: "memcg-stat",
    subject: "memcg: use new logic for page stat accounting",
    release: "v3.4-rc1",
    date: "March 2012",
  },
  e709ffd6169c: {
    lab: "swap-token",
    subject: "mm: remove swap token code",
    release: "v3.5-rc1",
    date: "May 2012",
  },
  "6b2dbba8b6ac": {
    lab: "file-index",
    subject: "mm: replace vma prio_tree with an interval tree",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  "108d6642ad81": {
    lab: "mremap-order",
    subject: "mm anon rmap: remove anon_vma_moveto_tail",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  bf181b9f9d8d: {
    lab: "anon-index",
    subject: "mm anon rmap: replace same_anon_vma linked list with an interval tree.",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  "86c2ad19956f": {
    lab: "vma-address",
    subject: "mm rmap: remove vma_address check for address inside vma",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  "39b5f29ac1f9": {
    lab: "page-evictable",
    subject: "mm: remove vma arg from page_evictable",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  e6c509f85455: {
    lab: "clear-mlock",
    subject: "mm: use clear_page_mlock() in page_remove_rmap()",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  "2ec74c3ef2d8": {
    lab: "notifier-calls",
    subject: "mm: move all mmu notifier invocations to be done outside the PT lock",
    release: "v3.7-rc1",
    date: "October 2012",
  },
  ef5d437f71af: {
    lab: "storage-key",
    subject: "mm: fix XFS oops due to dirty pages without buffers on s390",
    release: "v3.7-rc3",
    date: "October 2012",
  },
};

/** How long a defect lasted. */
export interface Lifetime {
  /** For lists: a few words. */
  readonly until: string;
  /** A sentence. */
  readonly told: string;
}

/** The defects by the name of their lab. */
export const lifetimes: Readonly<Record<string, Lifetime>> = {
  "prio-pruning": {
    until: "v3.4 to v3.6",
    told: "A defect of v3.4 to v3.6. Nobody repaired it: the prio tree itself went in v3.7-rc1.",
  },
  "thp-move": {
    until: "until 2014",
    told: "A defect of v3.7, repaired in 2014.",
  },
  "hugetlb-units": {
    until: "until 3.16",
    told: "A defect of v3.7, repaired in 3.16.",
  },
  "ksm-walk": {
    until: "until 2026",
    told: "What v3.7 left as it was, at a cost; repaired in 2026.",
  },
  "fork-chain": {
    until: "until 3.19",
    told: "A defect that v3.7 has, reported in 2012 and repaired in 3.19.",
  },
  "brk-lock": {
    until: "not repaired",
    told: "A cost that v3.7 brought, and that was not taken away again.",
  },
  "late-invalidate": {
    until: "until 4.14",
    told: "A danger that v3.7 brought; the callback it comes from was removed in 4.14.",
  },
  "migration-mlock": {
    until: "until 2015",
    told: "A defect that v3.7 brought, repaired in 2015.",
  },
};
