// The swap token's time line as a picture: how far a load comes with it and without, and whose turn it was.

import type { LabRun } from "./lab-run.js";
import type { Curve, TimelinePicture } from "./picture.js";
import { curvesOf, thrashRows } from "./thrash-lines.js";

type Rows = ReturnType<typeof thrashRows>;
type Spans = NonNullable<TimelinePicture["panels"][number]["holders"]>["spans"];

const UNIT = "reads from swap";

/** All touches, by reads from swap. */
function progress(rows: Rows): Pick<Curve, "points"> {
  const points = rows.map(({ reads, touches }): [number, number] => {
    return [reads, touches.reduce((sum, one) => sum + one, 0)];
  });
  return { points: [[0, 0], ...points] };
}

/** Who has the token, from the read at which it was taken to that at which somebody else, or nobody, has it. */
function spansOf(rows: Rows): Spans {
  const spans: { name: string; from: number; to: number }[] = [];
  for (const [i, { holder, reads }] of rows.entries()) {
    const before = i === 0 ? null : (rows[i - 1]?.holder ?? null);
    const last = spans.at(-1);
    if (last !== undefined && before !== null) last.to = reads;
    if (holder !== null && holder !== before) spans.push({ name: holder, from: reads, to: reads });
  }
  return spans;
}

/** @param scenario whose lines are a load's table on both sides */
export function tokenPicture({ scenarios }: LabRun, scenario: string): TimelinePicture {
  const found = scenarios.find(({ name }) => name === scenario);
  const [before, after] = [found?.before.shown ?? [], found?.after.shown ?? []].map(thrashRows);
  const rows = before ?? [];
  const ends = [rows, after ?? []].map((of) => of.at(-1)?.reads ?? 0);
  const [end = 0] = ends;
  const all: Curve[] = [
    { name: "before", ...progress(rows) },
    { name: "after", ...progress(after ?? []), isPale: true },
  ];
  const marks = rows
    .filter(({ news }) => news.includes("grows old"))
    .map(({ reads, news }) => ({ time: reads, words: news }));
  return {
    kind: "timeline",
    title: "Three processes that thrash, with the swap token and without",
    panels: [
      {
        title: `Reads from swap until all are done: ${ends.map((reads) => reads.toLocaleString("en")).join(" with the token, ")} without`,
        unit: UNIT,
        end: Math.max(...ends),
        charts: [{ title: "touches of all", curves: all }],
      },
      {
        title: "Before: who has the token keeps its pages, and gets on",
        unit: UNIT,
        end,
        holders: { title: "has the token", spans: spansOf(rows) },
        charts: [
          { title: "touches", curves: curvesOf(rows, "touches") },
          { title: "priority", curves: curvesOf(rows, "priorities"), marks },
        ],
      },
    ],
  };
}
