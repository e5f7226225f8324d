import { describe, expect, test } from "vitest";
import type { Picture } from "../../bindings/labs/picture.js";
import { drawPicture } from "../../bindings/report/drawing/picture.js";

const dump = {
  label: "",
  procs: [
    {
      ...{ name: "A", parent: null, locked: 0, rss: { anon: 1, file: 0, shmem: 0, zero: 1 } },
      vmas: [[10, 12, "rw-p", null, null, "lo"] as [number, number, string, null, null, string]],
      pages: [
        [10, 0],
        [11, -1],
      ] as [number, number][],
    },
  ],
  frames: [[1, "AML", 7]] as [number, string, number][],
};

const pictures: Picture[] = [
  {
    ...{ kind: "space", title: "a < b" },
    panels: [{ title: "before", dump, marked: ["A 10"], note: "the note" }],
  },
  {
    ...{ kind: "sequence", title: "a < b" },
    panels: [
      {
        ...{ title: "before", actors: ["A", "B"], end: "lost", isWrong: true },
        steps: [
          { actor: "A", words: "takes it", takes: ["PTL"] },
          { actor: "B", words: "looks & waits", to: "A", isWrong: true },
          { actor: "A", words: "lets go", drops: ["PTL"] },
        ],
      },
    ],
  },
  {
    ...{ kind: "bars", title: "a < b", unit: "VMAs", log: true },
    groups: [
      {
        title: "all",
        bars: [
          { name: "list", count: 20_000 },
          { name: "tree", count: 0 },
        ],
      },
      { title: "found", unit: "places", bars: [{ name: "tree", count: 2 }] },
    ],
  },
  {
    ...{ kind: "index", title: "a < b", pages: 4, asked: 2 },
    panels: [
      {
        title: "tree",
        nodes: [
          { first: 2, last: 2, above: null, depth: 0, visits: 2 },
          { first: 0, last: 0, above: 0, depth: 1, visits: 1 },
          { first: 3, last: 3, above: 0, depth: 1, visits: 0 },
        ],
      },
    ],
  },
  {
    ...{ kind: "timeline", title: "a < b" },
    panels: [
      {
        ...{ title: "before", unit: "faults", end: 40 },
        holders: {
          title: "has the token",
          spans: [
            { name: "P", from: 0, to: 20 },
            { name: "Q", from: 21, to: 22 },
          ],
        },
        charts: [
          {
            title: "priority",
            curves: [
              {
                name: "P",
                points: [
                  [0, 0],
                  [40, 2],
                ],
              },
              { name: "Q", points: [[0, 2]] },
              { name: "nothing", points: [] },
            ],
            marks: [
              { time: 5, words: "P grows old" },
              { time: 6, words: "and Q" },
            ],
          },
        ],
      },
    ],
  },
  {
    ...{ kind: "pass", title: "a < b" },
    panels: Array.from({ length: 5 }, () => ({
      title: "a state whose name needs more than one line of a narrow panel",
      vmas: [
        { name: "VMA 0-4", role: "destination" },
        { name: "VMA 50-52", role: "source" },
      ],
      steps: [
        { at: 0, words: "nothing" },
        { words: "mremap waits & waits" },
        { from: 1, to: 0, words: "mremap moves it" },
        { from: 0, to: 1, words: "" },
        { at: 1, words: "nothing", isWrong: true as const },
      ],
      ...{ end: "lost", isWrong: true as const },
    })),
  },
  {
    ...{ kind: "offsets", title: "a < b" },
    panels: [2, 1024, 2048, undefined].map((asked) => ({
      ...{ title: "before", length: 2048, every: 512, ...(asked === undefined ? {} : { asked }) },
      vmas: [
        { first: 0, end: 512, handed: "no" as const },
        { first: 512, end: 1024, handed: "in vain" as const, words: "a < b" },
        { first: 1024, end: 2047, handed: "wrong" as const },
        { first: 2047, end: 2048, handed: "found" as const },
      ],
      ...{ page: { first: 1024, end: 1536 }, end: "nothing", isWrong: true as const },
    })),
  },
  {
    ...{ kind: "states", title: "a < b" },
    steps: [{ words: "maps & locks", note: "a note" }, { words: "unlocks" }],
    panels: [
      {
        ...{ title: "before", end: "lost", isWrong: true },
        lanes: [
          { name: "PG_mlocked", values: [true, true], wrong: [1] },
          { name: "mapped", values: [true, false], wrong: [1] },
          { name: "list", values: ["unevictable", "unevictable"], wrong: [] },
        ],
      },
      { title: "after", lanes: [{ name: "count", values: ["1", "0"], wrong: [] }] },
    ],
  },
];

describe.each(pictures.map((picture) => [picture.kind, drawPicture(picture)] as const))(
  "a drawing of the kind %s",
  (_, svg) => {
    test("is one SVG element with its title, for light and for dark, without a script", () => {
      expect(svg).toMatch(/^<svg xmlns[^]*<title>a &lt; b<\/title>[^]*<\/svg>\n$/);
      expect(svg).toContain("prefers-color-scheme: dark");
      expect(svg).not.toMatch(/<script|NaN|Infinity|undefined|href/);
    });

    test("has every rectangle within its width, and none of a negative size", () => {
      for (const [, x = "0", width = "0", height = "0"] of svg.matchAll(
        /<rect class="[^"]*" x="([^"]*)" y="[^"]*" width="([^"]*)" height="([^"]*)"/g,
      )) {
        expect(Number(x) + Number(width)).toBeLessThanOrEqual(960);
        expect(Math.min(Number(width), Number(height))).toBeGreaterThan(0);
      }
    });
  },
);

test("states: a bar where something holds, words where it is told, and what is wrong is marked", () => {
  const svg = drawPicture(pictures.at(-1)!);
  const count = (what: string): number => svg.split(what).length - 1;
  expect([count('class="f1"'), count('class="f0"')]).toEqual([2, 1]);
  expect(count('class="bad"')).toBe(2);
  expect(svg).toMatch(/class="wrong">no</);
  expect(svg).toContain(">maps &amp; locks</text>");
  expect(svg).toContain(">a note</text>");
});

test("a frame has room for all flags", () => {
  const all: typeof dump = { ...dump, frames: [[1, "AMKLUSRD", 7]] };
  const svg = drawPicture({ kind: "space", title: "all", panels: [{ title: "", dump: all }] });
  const [, left = ""] = /<rect class="[^"]*" x="[^"]*" y="[^"]*" width="(66)"/.exec(svg) ?? [];
  expect(Number(left)).toBeGreaterThan("AMKLUSRD".length * 7.5);
});

test("bars of another unit have a scale of their own", () => {
  const widths = (unit?: string): string[] => {
    const groups = [20_000, 2].map((count) => ({ title: "", bars: [{ name: "list", count }] }));
    const last = { ...groups[1]!, ...(unit === undefined ? {} : { unit }) };
    const svg = drawPicture({ kind: "bars", title: "", unit: "VMAs", groups: [groups[0]!, last] });
    return [...svg.matchAll(/<rect class="f0"[^>]*width="([^"]*)"/g)].map(([, width]) => width!);
  };
  expect(new Set(widths("places")).size).toBe(1);
  expect(new Set(widths()).size).toBe(2);
});
