// Scripts that hold a process inside a fault, and say who reclaims: the swap token.

import { expect, test } from "vitest";
import { explain } from "./explained.js";

const GROUND = [
  "spawn A",
  "spawn B",
  "mmap A 0 2 rw anon private",
  "mmap B 0 1 rw anon private",
  "write A 0 1",
  "write A 1 2",
  "write B 0 3",
  "swap-out A 0 1",
  "read A 0",
  "referenced A 1",
];

async function told(lines: readonly string[], swapToken: "on" | "off" = "on"): Promise<string[]> {
  return (await explain([...GROUND, ...lines], { swapToken })).slice(GROUND.length);
}

test("who reads from swap takes the token, and keeps its pages while it is held", async () => {
  const lines = ["hold A", "referenced A 1", "referenced A 1 B", "referenced A 1 A", "let-go A"];
  const words = await told([...lines, "referenced A 1"]);
  expect(words).toEqual([
    "11 hold A: inside a fault from now on",
    "12 referenced A 1: touched through 1 mapping",
    "13 referenced A 1 B: touched through 1 mapping",
    "14 referenced A 1 A: not touched",
    "15 let-go A: its fault is over",
    "16 referenced A 1: not touched",
  ]);
  expect((await told(lines, "off"))[2]).toBe("13 referenced A 1 B: not touched");
});

test("what becomes of the token is told", async () => {
  const words = await told([
    "swap-out B 0 1",
    "read B 0",
    "reclaim 64 direct A",
    "swap-out A 0 1",
    "read A 0",
    "exit A",
  ]);
  expect(words[1]).toContain("priority for the swap token of B 0 to 0");
  expect(words[2]).toContain("reclaim takes the swap token from A");
  expect(words[4]).toContain("A takes the swap token, its priority is 4");
  expect(words[5]).toContain("A gives up the swap token");
});

test("who is held does nothing, and is done nothing by", async () => {
  const words = await told(["hold A", "read A 0", "munmap A 0 1", "exit A", "hold A", "exit B"]);
  const busy = "EBUSY, A is held inside a fault, until let-go A";
  expect(words.slice(1, 5)).toEqual([
    `12 read A 0: ${busy}`,
    `13 munmap A 0 1: ${busy}`,
    `14 exit A: ${busy}`,
    `15 hold A: ${busy}`,
  ]);
  const after = await told(["exit B", "referenced A 1 B", "reclaim 1 direct B", "let-go A"]);
  expect(after.slice(1, 3).map((line) => line.split(": ")[1]?.split(",")[0])).toEqual([
    "skipped",
    "skipped",
  ]);
  expect(after[3]).toContain("EINVAL");
});
