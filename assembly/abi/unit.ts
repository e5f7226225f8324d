// Sizes of pages, huge pages and address spaces, and how much of something there can be.

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** First address a process cannot use: 2^47 less one page, as on x86-64. */
export const TASK_SIZE_PAGES = 0x7ffffffff;
/** Pages that a huge page has, in frames that follow each other: what one pmd entry maps. */
export const HUGE_PAGES = 512;
/** Its logarithm. */
export const HUGE_ORDER = 9;
/** Bytes of a huge page. */
export const HUGE_SIZE = 0x200000;
/** Swap areas there can be. */
export const MAX_SWAP_AREAS = 8;
