/** Times after `from`, up to `to`. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** A time, and the stretches that do not belong to its past. */
export interface Mark {
  readonly time: number;
  readonly cut: readonly Stretch[];
}

/**
 * Which objects belong to the machine's present past. restore() takes the machine back to a snapshot;
 * what JavaScript got hold of after that snapshot never existed then, though a handle with the same bits
 * may come to exist again. So every object remembers when it was made, and the stretches of time that a
 * restore cut off are kept.
 */
export class Lineage {
  #now = 0;
  #cut: readonly Stretch[] = [];

  /** The time of a new object. */
  mint(): number {
    return ++this.#now;
  }

  /** The present, as a snapshot keeps it. */
  mark(): Mark {
    return { time: this.#now, cut: this.#cut };
  }

  /** Back to a mark: all that came after it never was. */
  rewind(mark: Mark): void {
    this.#cut = [...mark.cut, { from: mark.time, to: this.#now }];
  }

  /** Was the object that was made at that time made in the machine's present past? */
  holds(born: number): boolean {
    for (const { from, to } of this.#cut) if (born > from && born <= to) return false;
    return true;
  }
}
