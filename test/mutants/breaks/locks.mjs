const locks = "assembly/sync/lock.ts";

export default {
  group: "locks",
  tests: ["test/check", "test/explore"],
  builds: ["release", "checked", "explore"],
  breaks: [
    {
      rule: "locks are taken in their order",
      file: locks,
      from: "if (other < <u32>kind || (nested && other == <u32>kind)) continue;",
      to: "continue;",
    },
    {
      rule: "nobody sleeps with a spinlock held",
      file: locks,
      from: "if ((load<u32>(at, 4) & 0xff) < <u32>LockClass.Ptl) continue;",
      to: "continue;",
    },
    {
      rule: "at the end of an operation nothing is held",
      file: locks,
      from: 'if (CHECKED) assert(load<u32>(held()) == 0, "lock: still held at the end of the operation");',
      to: "",
    },
    {
      rule: "a violation says what was being done under the lock that is held",
      file: locks,
      from: "store<u32>(at, (<u32>kind) | ((<u32>doing) << 8), 4);",
      to: "store<u32>(at, <u32>kind, 4);",
    },
    {
      rule: "page_mkclean walks under i_mmap_mutex",
      file: "assembly/rmap/mkclean.ts",
      from: "lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Mkclean);",
      to: "",
    },
    {
      rule: "unmapping a file's range walks under i_mmap_mutex",
      file: "assembly/mm/truncate.ts",
      from: "lock(iMmapMutex(mapping), LockClass.IMmapMutex, Doing.Truncate);",
      to: "",
    },
  ],
};
