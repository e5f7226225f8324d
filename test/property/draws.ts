/** Numbers that fast-check drew, taken one after another. */
export class Draws {
  private taken = 0;

  constructor(private readonly numbers: readonly number[]) {}

  /** A number from 0 to below `bound`; 0 for a bound of 0. */
  below(bound: number): number {
    const round = Math.floor(this.taken / this.numbers.length);
    const value = this.numbers[this.taken % this.numbers.length] ?? 0;
    this.taken++;
    if (bound <= 0) return 0;
    // When all are taken they come again, stirred, so that they do not repeat themselves.
    return (round === 0 ? value : Math.imul(value + round, 0x9e3779b1) >>> 12) % bound;
  }

  /** True `times` times out of `outOf`; shrinks to false. */
  chance(times: number, outOf: number): boolean {
    return this.below(outOf) >= outOf - times;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("nothing to choose from");
    return value;
  }
}
