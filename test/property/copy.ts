/**
 * A copy of everything that can be reached from something: plain objects, arrays, maps, sets, and objects of classes,
 * which keep their class. Functions stay the same.
 */
export function copyOf<T>(original: T): T {
  const copies = new Map<object, object>();
  const copied = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const known = copies.get(value);
    if (known !== undefined) return known;
    const copy = emptyLike(value);
    copies.set(value, copy);
    return copy;
  };
  const copy = copied(original) as T;
  // What is met on the way is appended, and so gets its turn too: there is no depth that could run out of stack.
  for (const [from, to] of copies) fill(to, from, copied);
  return copy;
}

function emptyLike(value: object): object {
  if (value instanceof Map) return new Map();
  if (value instanceof Set) return new Set();
  return Array.isArray(value)
    ? []
    : (Object.create(Object.getPrototypeOf(value) as object) as object);
}

function fill(to: object, from: object, copied: (value: unknown) => unknown): void {
  if (from instanceof Map && to instanceof Map) {
    for (const [key, value] of from) to.set(copied(key), copied(value));
  } else if (from instanceof Set && to instanceof Set) {
    for (const value of from) to.add(copied(value));
  } else {
    for (const [name, value] of Object.entries(from)) Reflect.set(to, name, copied(value));
  }
}
