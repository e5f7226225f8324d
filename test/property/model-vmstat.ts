import type { Inode } from "../model/file.js";
import type { ListName } from "../model/lru-lists.js";
import type { Page } from "../model/page.js";
import type { ModelSide } from "./model-side.js";

/** /proc/vmstat of the model, in lines by name: what happened, and what is counted now among `mapped` pages and others. */
export function machineLines({ machine, processes, files }: ModelSide, mapped: Page[]): string[] {
  machine.memory.forgetMlockFreed();
  const { cgroups, events, mlocked, swap, writing } = machine.memory;
  const onLists = (name: ListName): number =>
    cgroups.living.reduce((sum, { lists }) => sum + lists.count(name), 0);
  const inodes = new Set<Inode>(files.map(({ inode }) => inode));
  for (const process of processes) {
    for (const { file } of process.alive ? process.space.vmas : []) {
      if (file !== null) inodes.add(file.inode);
    }
  }
  const cached = [...inodes].flatMap(({ cache }) => [...cache.values()]);
  const states = {
    nr_mlock: [...mlocked].reduce((sum, { size }) => sum + size, 0),
    nr_dirty: cached.filter(({ dirty, inode }) => dirty && inode?.accountsDirtyPages === true)
      .length,
    nr_writeback: writing.size,
    nr_anon_pages: mapped.filter(({ anon, whole }) => anon && whole.parts === null).length,
    nr_mapped: mapped.filter(({ anon }) => !anon).length,
    nr_file_pages: cached.length + swap.cached,
    nr_inactive_anon: onLists("inactiveAnon"),
    nr_active_anon: onLists("activeAnon"),
    nr_inactive_file: onLists("inactiveFile"),
    nr_active_file: onLists("activeFile"),
    nr_unevictable: onLists("unevictable"),
    nr_anon_transparent_hugepages: mapped.filter(({ parts }) => parts !== null).length,
  };
  return Object.entries({ ...states, ...events })
    .map(([name, value]) => `${name} ${value}`)
    .sort();
}
