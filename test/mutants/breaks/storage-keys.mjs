const key = "assembly/arch/storage-key.ts";
const page = "assembly/struct/page.ts";
const remove = "assembly/rmap/accounting.ts";
const referenced = "assembly/rmap/referenced.ts";

export default {
  group: "storage keys",
  tests: ["test/rmap/storage-keys", "test/api/storage-keys"],
  breaks: [
    {
      rule: "the last unmap of a tmpfs page asks its key",
      file: remove,
      from: "return mapping != null && !accountsDirty(mapping);",
      to: "return false;",
    },
    {
      rule: "that of a page whose file system accounts for dirty pages does not",
      file: remove,
      from: "return mapping != null && !accountsDirty(mapping);",
      to: "return mapping != null;",
    },
    {
      rule: "page_mapping of a page in the swap cache is swap space, so its key is asked",
      file: remove,
      from: "if (pageTest(frame, PageFlag.SwapCache)) return true;",
      to: "if (pageTest(frame, PageFlag.SwapCache)) return false;",
    },
    {
      rule: "only the last unmap asks the key, which is one for all mappings",
      file: remove,
      from: "if (mapcount < 0) lastMappingGone",
      to: "if (mapcount < 0 || keyed) lastMappingGone",
    },
    {
      rule: "a page's mapping is read before it is unmapped",
      tests: ["test/explore/storage-keys"],
      file: remove,
      from: "if (keyed && pageTestAndClearDirty(frame)) {",
      to: "if (hasStorageKeys() && pageTestAndClearDirty(frame) && changesShowInKey(frame)) {",
    },
    {
      rule: "what the key tells is forgotten when it was told",
      file: key,
      from: "store<u32>(at, word & ~bit);",
      to: "",
    },
    {
      rule: "page_referenced asks the key after the walk",
      file: referenced,
      from: "if (hasStorageKeys() && pageTestAndClearYoung(frame)) {",
      to: "if (false) {",
    },
    {
      rule: "page_referenced leaves the key of a page that is not mapped",
      file: referenced,
      from: "if (!pageMapped(frame)) return 0;",
      to: "if (!pageMapped(frame)) return hasStorageKeys() && pageTestAndClearYoung(frame) ? 1 : 0;",
    },
    {
      rule: "and of one that it can't lock",
      file: referenced,
      from: "if (!locked && (isLockedForCharge(frame) || !trylockPage(frame, Doing.Referenced))) return 1;",
      to: "if (!locked && (isLockedForCharge(frame) || !trylockPage(frame, Doing.Referenced))) {\n      if (hasStorageKeys()) pageTestAndClearYoung(frame);\n      return 1;\n    }",
    },
    {
      rule: "a huge page was touched if any of its frames was",
      file: "assembly/arch/storage-key.ts",
      from: "  for (let i: u32 = 0; i < n >> 3; i += 8) {",
      to: "  for (let i: u32 = 0; i < 8; i += 8) {",
    },
    {
      rule: "entries of an s390x have no marks",
      file: "assembly/mm/kernel.ts",
      from: "arch == <u32>Arch.S390x ? ~PTE_MARKS : u64.MAX_VALUE;",
      to: "u64.MAX_VALUE;",
    },
    {
      rule: "SetPageUptodate resets the key of a page that was not uptodate",
      file: page,
      from: "if (!pageTestAndSet(frame, PageFlag.Uptodate) && hasStorageKeys()) pageSetStorageKey(frame, 0);",
      to: "pageSet(frame, PageFlag.Uptodate);",
    },
    {
      rule: "the page that takes another's place in migration begins with a new key",
      file: "assembly/mm/migrate.ts",
      from: "if (pageTest(frame, PageFlag.Uptodate)) setPageUptodate(target);",
      to: "pageSet(target, PageFlag.Uptodate);",
    },
    {
      rule: "a write is a change",
      file: page,
      from: "if (hasStorageKeys()) keyChanged(frame);",
      to: "if (hasStorageKeys()) keyReferenced(frame);",
    },
    {
      rule: "a read is a reference",
      file: page,
      from: "if (hasStorageKeys()) keyReferenced(frame);",
      to: "",
    },
    {
      rule: "a frame that is freed has no marks",
      file: "assembly/struct/page-frame.ts",
      from: "if (hasStorageKeys()) pageSetStorageKey(frame, 0);",
      to: "",
    },
    {
      rule: "a bulk operation takes the marks of its frames only",
      file: "assembly/arch/key-marks.ts",
      from: "return (ALL << before) & (ALL >> behind);",
      to: "return ALL << before;",
    },
    {
      rule: "and clears what it takes",
      file: "assembly/arch/key-marks.ts",
      from: "v128.store(at, i64x2.splat(0));",
      to: "",
    },
    {
      rule: "I7: what nothing marks as changed has the contents that are kept",
      tests: ["test/check/changes"],
      file: "assembly/check/changes.ts",
      from: "violated(Violated.LostChange, <f64>frame, pageWord(frame), kept);",
      to: "",
    },
    {
      rule: "I7: a key is asked at the last unmap, so it tells nothing of a page that is not mapped",
      tests: ["test/check/changes"],
      file: "assembly/check/changes.ts",
      from: "!accounted && note.entries != 0 && isKeyChanged(frame);",
      to: "!accounted && isKeyChanged(frame);",
    },
    {
      rule: "I7: a free frame has no marks",
      tests: ["test/check/changes"],
      file: "assembly/check/storage-keys.ts",
      from: "if (key && !isInUse(frame)) violated(Violated.FreeKey, <f64>frame, <f64>key);",
      to: "",
    },
  ],
};
