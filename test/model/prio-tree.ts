/** What shows pages [pgoff, pgoff + pages) of a file. */
export interface Ranged {
  readonly pgoff: number;
  readonly pages: number;
}

/** A place of the tree, and what is below it. */
export interface Place<T> {
  /** All that have its range: the one that is in the tree, then the others in the order of their ring. */
  readonly members: readonly T[];
  readonly first: number;
  readonly last: number;
  /** The bit by which it turns: of the first pgoff from 0 up, of the size below that (-64: bit 0). */
  readonly turn: number;
  readonly left: Place<T> | null;
  readonly right: Place<T> | null;
}

/** Bits that a number needs, at least one. */
function bitsOf(value: number): number {
  let bits = 1;
  while (value >= 2 ** bits) bits++;
  return bits;
}

function bitOf(value: number, bit: number): number {
  return Math.floor(value / 2 ** bit) % 2;
}

function firstOf(members: readonly Ranged[]): number {
  return members[0]?.pgoff ?? NaN;
}

function lastOf(members: readonly Ranged[]): number {
  const one = members[0];
  return one === undefined ? NaN : one.pgoff + one.pages - 1;
}

/**
 * The priority search tree by which files found their VMAs before v3.7. What is in it says what it looks like, but for
 * two things that depend on what was before: the order of those with the same range, and how many bits of the first
 * pgoff are asked for: as many as the largest last pgoff has needed since the tree was empty.
 */
export class PrioTree<T extends Ranged> {
  private groups: T[][] = [];
  private bits = 1;

  link(item: T): void {
    const same = this.groups.find(
      (members) => firstOf(members) === firstOf([item]) && lastOf(members) === lastOf([item]),
    );
    if (same === undefined) this.groups.push([item]);
    else same.push(item);
    this.bits = Math.max(this.bits, bitsOf(lastOf([item])));
  }

  /** The same for many of which no two have one range. */
  linkAll(items: readonly T[]): void {
    for (const item of items) {
      this.groups.push([item]);
      this.bits = Math.max(this.bits, bitsOf(lastOf([item])));
    }
  }

  /** Of one with the same range: behind it in the ring, or at the ring's end if it is the one in the tree. */
  linkAfter(item: T, before: T): void {
    const members = this.groups.find((group) => group.includes(before)) ?? [];
    const place = members.indexOf(before);
    members.splice(place === 0 ? members.length : place + 1, 0, item);
  }

  unlink(item: T): void {
    this.groups = this.groups
      .map((members) => members.filter((other) => other !== item))
      .filter((members) => members.length > 0);
    if (this.groups.length === 0) this.bits = 1;
  }

  get shape(): Place<T> | null {
    return shapeOf(this.groups, this.bits - 1);
  }

  /** All, in the order in which a search meets them. */
  get inOrder(): T[] {
    const found: T[] = [];
    const add = (place: Place<T> | null): void => {
      if (place === null) return;
      found.push(...place.members);
      add(place.left);
      add(place.right);
    };
    add(this.shape);
    return found;
  }
}

/** On top is what reaches furthest, of several the one that begins first; the rest lies on the sides that the bit says. */
function shapeOf<T extends Ranged>(groups: readonly T[][], turn: number): Place<T> | null {
  const [top, ...others] = [...groups].sort(
    (a, b) => lastOf(b) - lastOf(a) || firstOf(a) - firstOf(b),
  );
  if (top === undefined) return null;
  const isRight = (members: readonly T[]): boolean =>
    (turn >= 0
      ? bitOf(firstOf(members), turn)
      : bitOf(lastOf(members) - firstOf(members), 64 + turn)) === 1;
  return {
    members: top,
    first: firstOf(top),
    last: lastOf(top),
    turn,
    left: shapeOf(
      others.filter((members) => !isRight(members)),
      turn - 1,
    ),
    right: shapeOf(others.filter(isRight), turn - 1),
  };
}
