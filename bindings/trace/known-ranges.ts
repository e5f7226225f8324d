// Which addresses of an address space are known to be mapped: disjoint ranges in order, neighbours joined.

/** Addresses in bytes; `end` is the first byte behind. */
export interface AddressRange {
  start: number;
  end: number;
}

/** A set of addresses. Every operation is a binary search, and a move of the ranges behind it at most. */
export class KnownRanges {
  readonly #starts: number[];
  readonly #ends: number[];

  constructor(starts: number[] = [], ends: number[] = []) {
    this.#starts = starts;
    this.#ends = ends;
  }

  clone(): KnownRanges {
    return new KnownRanges([...this.#starts], [...this.#ends]);
  }

  get isEmpty(): boolean {
    return this.#starts.length === 0;
  }

  add(start: number, end: number): void {
    if (start >= end) return;
    const first = this.#firstEndingAtOrAfter(start);
    let last = first;
    let [low, high] = [start, end];
    while (last < this.#starts.length && (this.#starts[last] ?? 0) <= end) {
      low = Math.min(low, this.#starts[last] ?? low);
      high = Math.max(high, this.#ends[last] ?? high);
      last++;
    }
    this.#starts.splice(first, last - first, low);
    this.#ends.splice(first, last - first, high);
  }

  remove(start: number, end: number): void {
    if (start >= end) return;
    const first = this.#firstEndingAtOrAfter(start + 1);
    const keep: [number, number][] = [];
    let last = first;
    while (last < this.#starts.length && (this.#starts[last] ?? 0) < end) {
      const [low, high] = [this.#starts[last] ?? 0, this.#ends[last] ?? 0];
      if (low < start) keep.push([low, start]);
      if (high > end) keep.push([end, high]);
      last++;
    }
    this.#starts.splice(first, last - first, ...keep.map(([low]) => low));
    this.#ends.splice(first, last - first, ...keep.map(([, high]) => high));
  }

  has(address: number): boolean {
    const at = this.#firstEndingAtOrAfter(address + 1);
    return at < this.#starts.length && (this.#starts[at] ?? 0) <= address;
  }

  /** The start of the first range that begins above `address`, or Infinity. */
  nextStart(address: number): number {
    const at = this.#firstEndingAtOrAfter(address + 1);
    const start = this.#starts[at] ?? Infinity;
    return start > address ? start : (this.#starts[at + 1] ?? Infinity);
  }

  /** The parts of a range that are in the set. */
  within(start: number, end: number): AddressRange[] {
    const parts: AddressRange[] = [];
    for (let at = this.#firstEndingAtOrAfter(start + 1); at < this.#starts.length; at++) {
      const low = this.#starts[at] ?? 0;
      if (low >= end) break;
      parts.push({ start: Math.max(low, start), end: Math.min(this.#ends[at] ?? 0, end) });
    }
    return parts;
  }

  /** The parts of a range that are not in the set. */
  gaps(start: number, end: number): AddressRange[] {
    const parts: AddressRange[] = [];
    let from = start;
    for (const part of this.within(start, end)) {
      if (part.start > from) parts.push({ start: from, end: part.start });
      from = part.end;
    }
    if (from < end) parts.push({ start: from, end });
    return parts;
  }

  #firstEndingAtOrAfter(address: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
