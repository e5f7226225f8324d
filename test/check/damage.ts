import { expect, test } from "vitest";
import { messages, raiseFamily, type Family } from "./family.js";
import type { KernelOptions } from "../../bindings/index.js";

/**
 * A test that damages one thing of a healthy family.
 *
 * @param damage returns what verify() must say, all of it
 */
export function damageTest(
  sentence: string,
  damage: (family: Family) => string[],
  options: KernelOptions = {},
): void {
  test(sentence, async () => {
    const family = await raiseFamily(options);
    expect(messages(family.kernel)).toEqual([]);
    const expected = damage(family);
    expect(messages(family.kernel)).toEqual(expected);
    family.kernel.dispose();
  });
}

/** An address as messages write it. */
export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
