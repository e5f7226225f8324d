import type { Held } from "./held.js";

/** The objects of one kind that JavaScript has met, one for each handle. */
export class ObjectTable<T extends Held> {
  readonly #objects = new Map<number, T>();

  constructor(readonly make: (handle: number) => T) {}

  /** The object that a handle names; made when it is met for the first time, or anew after a restore. */
  of(handle: number): T {
    const known = this.#objects.get(handle);
    if (known?.current) return known;
    const object = this.make(handle);
    this.#objects.set(handle, object);
    return object;
  }

  /** An object that was made elsewhere. */
  adopt(handle: number, object: T): void {
    this.#objects.set(handle, object);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** Forgets what belongs to no present past. */
  prune(): void {
    for (const [handle, object] of this.#objects) {
      if (!object.current) this.#objects.delete(handle);
    }
  }

  clear(): void {
    this.#objects.clear();
  }
}
