/**
 * Which objects belong to the machine's present past. restore() takes the machine back to a snapshot;
 * what JavaScript got hold of after that snapshot never existed then, though a handle with the same bits
 * may come to exist again. So every object remembers when it was made, and the stretches of time that a
 * restore cut off are kept.
 */
export class Lineage {
  #now = 0;
  /** Cut-off stretches ]from, to], in order. */
  #cut: { from: number; to: number }[] = [];

  /** The time of a new object. */
  mint(): number {
    return ++this.#now;
  }

  /** The time of a snapshot. */
  now(): number {
    return this.#now;
  }

  /** Back to a snapshot taken at that time. */
  rewind(time: number): void {
    this.#cut = this.#cut.filter((stretch) => stretch.to <= time);
    this.#cut.push({ from: time, to: this.#now });
  }

  /** Was the object that was made at that time made in the machine's present past? */
  holds(born: number): boolean {
    return !this.#cut.some(({ from, to }) => born > from && born <= to);
  }
}
