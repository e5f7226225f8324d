import { LruList } from "../../assembly/abi/counter.js";
import { MemcgField, MEMCG_TOTAL } from "../../assembly/abi/field.js";

/** What memory.stat shows of a group's own pages, and as total_ of those below it too. */
const counted = {
  cache: MemcgField.Cache,
  rss: MemcgField.Rss,
  mapped_file: MemcgField.MappedFile,
  pgpgin: MemcgField.PgPgIn,
  pgpgout: MemcgField.PgPgOut,
  pgfault: MemcgField.PgFault,
  pgmajfault: MemcgField.PgMajFault,
  inactive_anon: MemcgField.Lru + LruList.InactiveAnon,
  active_anon: MemcgField.Lru + LruList.ActiveAnon,
  inactive_file: MemcgField.Lru + LruList.InactiveFile,
  active_file: MemcgField.Lru + LruList.ActiveFile,
  unevictable: MemcgField.Lru + LruList.Unevictable,
} as const;

type Counted = keyof typeof counted;

/** memory.stat, in pages and events where the kernel shows bytes and events. */
export type MemoryStat = Readonly<Record<Counted | `total_${Counted}`, number>> & {
  /** The least limit that holds for the group, its own or from above; null: none. */
  readonly hierarchical_memory_limit: number | null;
};

/** @param field reads a MemcgField of the group */
export function readMemoryStat(field: (which: number) => number): MemoryStat {
  const entries = Object.entries(counted);
  const limit = field(MemcgField.HierarchicalLimit);
  return {
    ...Object.fromEntries(entries.map(([name, which]) => [name, field(which)])),
    hierarchical_memory_limit: limit < 0 ? null : limit,
    ...Object.fromEntries(
      entries.map(([name, which]) => [`total_${name}`, field(which | MEMCG_TOTAL)]),
    ),
  } as MemoryStat;
}
