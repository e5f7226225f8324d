/** Pseudo-random numbers from a seed: the generator of `native/stab.c`, so that both ask for the same pages. */
export class Random {
  #state: number;

  /** @param seed any integer; its low 32 bits count. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer from 0 up to `bound` - 1. The high bits decide: the low ones of such a generator repeat early. */
  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state * bound) / 2 ** 32);
  }
}

/** `values` in random order, at most `limit` of them: no value comes twice. */
export function shuffled(values: Uint32Array, limit: number, seed: number): Uint32Array {
  const random = new Random(seed);
  const pool = values.slice();
  const count = Math.min(limit, pool.length);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(pool.length - i);
    const drawn = pool[j] as number;
    pool[j] = pool[i] as number;
    pool[i] = drawn;
  }
  return pool.slice(0, count);
}
