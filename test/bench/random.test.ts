import { describe, expect, test } from "vitest";
import { Random, shuffled } from "../../bench/random.js";

describe("the random pages", () => {
  test("follow from the seed", () => {
    const draw = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.below(1000));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test("are each taken once", () => {
    const pages = Uint32Array.from({ length: 100 }, (_, i) => i + 7);
    const order = shuffled(pages, 1000, 3);
    expect(order).not.toEqual(pages);
    expect(order.slice().sort()).toEqual(pages);
  });

  test("are as many as wanted, and the first of a longer draw", () => {
    const pages = Uint32Array.from({ length: 100 }, (_, i) => i);
    expect(shuffled(pages, 10, 3)).toEqual(shuffled(pages, 100, 3).slice(0, 10));
  });
});
