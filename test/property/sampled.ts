/** Parts of huge pages that are compared as pages of their own; of the others what they do not share is enough. */
export const SAMPLED: readonly number[] = [0, 1, 511];
