import { readFileSync } from "node:fs";

/** Where a field of a record is. */
interface Field {
  readonly offset: number;
  readonly bytes: 4 | 8;
}

/** A record's fields, by name. */
export type Layout = ReadonlyMap<string, Field>;

const widths: Readonly<Record<string, 4 | 8>> = { u32: 4, i32: 4, u64: 8, f64: 8 };

const DECLARATION = /^export class (\w+) \{\n([\s\S]*?)^\}/gm;
const FIELD = /^ {2}(\w+): (\w+);$/gm;

function layoutOf(body: string): Layout {
  const fields = new Map<string, Field>();
  let end = 0;
  for (const [, name, type] of body.matchAll(FIELD)) {
    const bytes = widths[type ?? ""];
    if (name === undefined || bytes === undefined) throw new Error(`no width for a ${type}`);
    const offset = Math.ceil(end / bytes) * bytes;
    fields.set(name, { offset, bytes });
    end = offset + bytes;
  }
  return fields;
}

/** Layouts of the records that a source file of the core declares: fields in order, each aligned to its size. */
function layoutsIn(path: string): [string, Layout][] {
  const source = readFileSync(new URL(`../../assembly/${path}`, import.meta.url), "utf8");
  return [...source.matchAll(DECLARATION)].map(([, name, body]) => [
    name ?? "",
    layoutOf(body ?? ""),
  ]);
}

const layouts = new Map(
  [
    "memory/header.ts",
    "struct/address-space.ts",
    "struct/anon-vma.ts",
    "struct/interval-node.ts",
    "struct/ksm.ts",
    "struct/memcg.ts",
    "struct/mm-struct.ts",
    "struct/mmu-notifier.ts",
    "struct/prio-node.ts",
    "struct/region.ts",
    "struct/reservation.ts",
    "struct/swap-slot.ts",
    "struct/task.ts",
    "struct/vma.ts",
  ].flatMap(layoutsIn),
);

/** The layout of a record of the core. @throws Error when there is none of that name */
export function layout(record: string): Layout {
  const found = layouts.get(record);
  if (!found) throw new Error(`no record ${record}`);
  return found;
}

/** Bytes of a record of the core. */
export function sizeOf(record: string): number {
  const ends = [...layout(record).values()].map(({ offset, bytes }) => offset + bytes);
  return Math.max(...ends);
}
