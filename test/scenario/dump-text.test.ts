import { expect, test } from "vitest";
import { formatDumpDocument } from "../../bindings/scenario/dump-text.js";
import { liveCases } from "./live-case.js";

test.each(liveCases())("$name is formatted as it was recorded, byte by byte", (live) => {
  expect(formatDumpDocument(live.document)).toBe(live.text);
});

test("a document without dumps is one JSON document", () => {
  const empty = { oracle: 1, kernel: "k", case: 'a "b"', dumps: [], results: [] } as const;
  const text = formatDumpDocument({ ...empty, dumps: [], results: [] });
  expect(JSON.parse(text)).toEqual(empty);
});

test("pages in swap are told of where there are any", () => {
  const [first] = liveCases();
  const document = structuredClone(first!.document);
  const process = document.dumps[0]!.procs[0]!;
  process.swap = [
    [2, 0],
    [7, 1, 3],
  ];
  const text = formatDumpDocument(document);
  expect(text).toContain(`"locked":${process.locked},\n "swap":[[2,0],[7,1,3]]}`);
  expect(JSON.parse(text)).toEqual(document);
});

test("so are the offsets that entries keep", () => {
  const [first] = liveCases();
  const document = structuredClone(first!.document);
  document.dumps[0]!.procs[0]!.offsets = [
    [2, 5],
    [7, 1, 3],
  ];
  const text = formatDumpDocument(document);
  expect(text).toContain('"offsets":[[2,5],[7,1,3]]}');
  expect(JSON.parse(text)).toEqual(document);
});
