import { describe, expect, test } from "vitest";
import { lastPass, meetsMove, passInWords, readPass } from "../../bindings/labs/pass.js";

const FIRST = [
  "walk: try_to_unmap for migration begins",
  "walk: comes to the VMA 50-52",
  "walk: finds the page at 51",
  "walk: puts a migration entry there",
];
const LOST = [
  ...FIRST,
  "walk: remove_migration_ptes begins",
  "walk: comes to the VMA 0-4",
  "walk: finds nothing, not even a table at 3",
  "walk: comes to the VMA 50-52",
  "move: 1 entry goes from 51 to 3",
  "move: waits for the anon_vma mutex",
  "walk: finds nothing at 51",
];
const WAITS = [
  ...LOST.slice(0, 8),
  "move: waits for the anon_vma mutex",
  "walk: finds a migration entry at 51",
  "walk: puts the page there",
  "move: 2 entries go from 50 to 2",
];

describe("the last pass of a walk", () => {
  test("has the looks and moves since the walk began for the last time", () => {
    expect(lastPass(LOST)).toEqual([
      { kind: "look", vma: "0-4", page: 3, found: "nothing" },
      { kind: "move", from: 51, to: 3, entries: 1 },
      { kind: "look", vma: "50-52", page: 51, found: "nothing" },
    ]);
    expect(lastPass(WAITS)).toEqual([
      { kind: "look", vma: "0-4", page: 3, found: "nothing" },
      { kind: "wait", words: "waits for the anon_vma mutex" },
      { kind: "look", vma: "50-52", page: 51, found: "a migration entry, puts the page there" },
      { kind: "move", from: 50, to: 2, entries: 2 },
    ]);
  });

  test.each([LOST, WAITS])("is read from its words as it was", (...log) => {
    const pass = lastPass(log);
    expect(readPass(passInWords(pass))).toEqual(pass);
  });

  test("meets a move between its looks, before anything has moved", () => {
    expect(meetsMove(LOST)).toBe(true);
    expect(meetsMove(WAITS)).toBe(true);
    const moved = "walk: finds a migration entry at 3";
    expect(meetsMove(LOST.map((line) => (line.endsWith("table at 3") ? moved : line)))).toBe(false);
    const gone = LOST.map((line) => line.replace("0-4", "50-52").replace("at 3", "at 51"));
    expect(meetsMove(gone)).toBe(false);
    expect(meetsMove([...LOST.slice(0, 7), "walk: finds the page at 51"])).toBe(false);
    expect(meetsMove(FIRST)).toBe(false);
    expect(meetsMove([])).toBe(false);
  });
});
