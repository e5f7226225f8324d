import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KnownRanges } from "../../bindings/trace/known-ranges.js";

const span = fc
  .tuple(fc.nat(60), fc.nat(12))
  .map(([start, length]) => ({ start, end: start + length }));
const change = fc.record({ add: fc.boolean(), span });

describe("known ranges", () => {
  test("hold the addresses that were added and not removed since, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), span, (changes, { start, end }) => {
        const ranges = new KnownRanges();
        const naive = new Set<number>();
        for (const { add, span: at } of changes) {
          if (add) ranges.add(at.start, at.end);
          else ranges.remove(at.start, at.end);
          for (let address = at.start; address < at.end; address++) {
            if (add) naive.add(address);
            else naive.delete(address);
          }
        }
        const clone = ranges.clone();
        ranges.add(0, 100);
        const members = (parts: { start: number; end: number }[]) =>
          parts.flatMap((part) =>
            Array.from({ length: part.end - part.start }, (_, i) => part.start + i),
          );
        const inside = Array.from({ length: end - start }, (_, i) => start + i);
        expect(members(clone.within(start, end))).toEqual(inside.filter((a) => naive.has(a)));
        expect(members(clone.gaps(start, end))).toEqual(inside.filter((a) => !naive.has(a)));
        expect(clone.has(start)).toBe(naive.has(start));
        expect(clone.isEmpty).toBe(naive.size === 0);
        const above = [...naive].filter((a) => a > start && !naive.has(a - 1));
        expect(clone.nextStart(start)).toBe(Math.min(Infinity, ...above));
      }),
    );
  });
});
