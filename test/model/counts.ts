/** Exact counts of what happened. */
export interface Counts {
  vmaSplits: number;
  vmaMerges: number;
  /** Merges by the case numbers 1 to 8 of the specification; place 0 is not used. */
  readonly mergesByCase: number[];
  anonVmasCreated: number;
  pagesCopied: number;
}

export function zeroCounts(): Counts {
  return {
    vmaSplits: 0,
    vmaMerges: 0,
    mergesByCase: new Array<number>(9).fill(0),
    anonVmasCreated: 0,
    pagesCopied: 0,
  };
}
