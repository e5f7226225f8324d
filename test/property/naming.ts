/** Gives things short names in order of first appearance, so that two sides can be compared up to renaming. */
export class Naming<T> {
  private readonly names = new Map<T, string>();

  constructor(private readonly prefix: string) {}

  name(thing: T): string {
    const known = this.names.get(thing);
    if (known !== undefined) return known;
    const name = `${this.prefix}${String(this.names.size)}`;
    this.names.set(thing, name);
    return name;
  }

  /** Everything that was named, in order. */
  get things(): IterableIterator<T> {
    return this.names.keys();
  }
}
