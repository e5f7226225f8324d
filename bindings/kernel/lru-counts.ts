import { LruList } from "../../assembly/abi/counter.js";
import { MemcgField } from "../../assembly/abi/field.js";

/** Pages on each list of reclaim. */
export interface LruCounts {
  readonly inactiveAnon: number;
  readonly activeAnon: number;
  readonly inactiveFile: number;
  readonly activeFile: number;
  readonly unevictable: number;
}

/** @param field reads a MemcgField of the group */
export function readLruCounts(field: (which: number) => number): LruCounts {
  const list = (which: LruList): number => field(MemcgField.Lru + which);
  return {
    inactiveAnon: list(LruList.InactiveAnon),
    activeAnon: list(LruList.ActiveAnon),
    inactiveFile: list(LruList.InactiveFile),
    activeFile: list(LruList.ActiveFile),
    unevictable: list(LruList.Unevictable),
  };
}
