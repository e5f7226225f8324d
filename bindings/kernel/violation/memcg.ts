// What memory cgroups and their lists of reclaim get wrong.

import { Violated } from "../../../assembly/violated.js";
import { cgroup, space, times, type Wordings } from "./words.js";

const LISTS = ["inactive anon", "active anon", "inactive file", "active file", "unevictable"];

const lru = (list: number): string => `the ${LISTS[list] ?? "unknown"} list`;

export const memcgWordings = {
  [Violated.MemcgUsage]: (memcg, counter, found) =>
    `the usage of ${cgroup(memcg)} is ${counter}, ${times(found, "page is", "pages are")} charged`,
  [Violated.MemcgCache]: (memcg, counter, found) =>
    `cache of ${cgroup(memcg)} is ${counter}, it has ${times(found, "page")} of files`,
  [Violated.MemcgRss]: (memcg, counter, found) =>
    `rss of ${cgroup(memcg)} is ${counter}, it has ${times(found, "anonymous page")}`,
  [Violated.MemcgMappedFile]: (memcg, counter, found) =>
    `mapped_file of ${cgroup(memcg)} is ${counter}, ` +
    times(found, "of its file pages is mapped", "of its file pages are mapped"),
  [Violated.MemcgLimit]: (memcg, usage, limit) =>
    `the usage of ${cgroup(memcg)} is ${usage}, beyond its limit of ${limit}`,
  [Violated.MemcgCharge]: (frame) =>
    `page ${frame} is charged, though nothing maps it and no cache holds it`,
  [Violated.MemcgOwner]: (frame) => `page ${frame} has an owner that is no cgroup`,
  [Violated.MemcgMoving]: (memcg) =>
    memcg < 0
      ? "a move of charges is still under way"
      : `a charge to ${cgroup(memcg)}, or a move from it, is still under way`,
  [Violated.MemcgTree]: (memcg) =>
    `${cgroup(memcg)} and those above and below it do not agree about it`,
  [Violated.MemcgSpace]: (pid) => `${space(pid)} is in no cgroup`,
  [Violated.FileMappedFlag]: (frame, wanted) =>
    `page ${frame} is ${wanted ? "a mapped file page that is charged, without" : "no mapped file page that is charged, but has"} FILE_MAPPED in its side record`,
  [Violated.CacheFlag]: (frame, wanted) =>
    `page ${frame} is ${wanted ? "charged as a page of a file, without" : "not charged as a page of a file, but has"} CACHE in its side record`,

  [Violated.LruLink]: (frame, memcg, list) =>
    `${lru(list)} of ${cgroup(memcg)} has links that do not agree, at ` +
    (frame ? `page ${frame}` : "its head"),
  [Violated.LruList]: (frame, memcg, list) =>
    list < 0
      ? `page ${frame} says that it is on a list of reclaim, but is on none`
      : `page ${frame} is on ${lru(list)} of ${cgroup(memcg)}, where it does not belong`,
  [Violated.LruCount]: (memcg, list, counter, found) =>
    `${lru(list)} of ${cgroup(memcg)} counts ${times(counter, "page")}, it holds ${found}`,
} satisfies Wordings;
