/**
 * Leaves out of a failing sequence whatever it fails without: blocks first, then smaller ones, down to single
 * elements, until nothing can go any more or the time is up.
 *
 * fast-check's own shrinking plays on the draws, of which most change their meaning as soon as an earlier one
 * goes; this one works on the finished operations, and gets from hundreds to a handful in seconds.
 */
export function reduce<T>(
  sequence: readonly T[],
  fails: (sequence: readonly T[]) => boolean,
  milliseconds: number,
): readonly T[] {
  const deadline = performance.now() + milliseconds;
  let smallest = sequence;
  let block = Math.ceil(sequence.length / 2);
  while (block >= 1) {
    let left = false;
    for (let start = 0; start < smallest.length;) {
      if (performance.now() > deadline) return smallest;
      const shorter = [...smallest.slice(0, start), ...smallest.slice(start + block)];
      if (fails(shorter)) {
        smallest = shorter;
        left = true;
      } else {
        start += block;
      }
    }
    if (block > 1) block = Math.ceil(block / 2);
    else if (!left) return smallest;
  }
  return smallest;
}
