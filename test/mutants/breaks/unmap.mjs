const one = "assembly/rmap/unmap-one.ts";
const all = "assembly/rmap/unmap.ts";
const accounting = "assembly/rmap/accounting.ts";
const lookup = "assembly/rmap/page-lock.ts";

export default {
  group: "unmap",
  tests: ["test/rmap/unmap", "test/rmap/page-lock", "test/rmap/adding", "test/explore"],
  breaks: [
    {
      rule: "an entry that was touched is made old and stays",
      file: one,
      from: "if (!(how & Unmap.IgnoreAccess)) {",
      to: "if (false) {",
    },
    {
      rule: "ignore-mlock unmaps from locked VMAs",
      file: one,
      from: "if (!(how & Unmap.IgnoreMlock)) {",
      to: "if (true) {",
    },
    {
      rule: "munlock changes nothing where no VMA is locked",
      file: one,
      from: "if ((how & Unmap.ActionMask) == Unmap.Munlock) {",
      to: "if (false) {",
    },
    {
      rule: "without mmap_sem a locked VMA's page is not mlocked",
      file: one,
      from: "if (!tryDownRead(sem, Doing.Unmap)) {",
      to: "if (!tryDownRead(sem, Doing.Unmap) && false) {",
    },
    {
      rule: "a broken page leaves a marker",
      file: one,
      from: "if (flags & PageFlag.HwPoison && !(how & Unmap.IgnoreHwpoison)) {",
      to: "if (false) {",
    },
    {
      rule: "the marker is not left where it is to be overlooked",
      file: one,
      from: "if (flags & PageFlag.HwPoison && !(how & Unmap.IgnoreHwpoison)) {",
      to: "if (flags & PageFlag.HwPoison) {",
    },
    {
      rule: "a page in the swap cache gets swap entries, also when it migrates",
      file: one,
      from: "if (anon && flags & PageFlag.SwapCache) {",
      to: "if (anon && flags & PageFlag.SwapCache && (how & Unmap.ActionMask) != Unmap.Migration) {",
    },
    {
      rule: "where the slot's count is full the entry comes back",
      file: one,
      from: "if (!swapDuplicate(slot)) {",
      to: "if (!swapDuplicate(slot) && false) {",
    },
    {
      rule: "a dirty entry makes its page dirty",
      file: one,
      from: "if (entry & PTE_DIRTY) setPageDirty(frame);",
      to: "",
    },
    {
      rule: "migration passes temporary stacks over",
      tests: ["test/rmap/address"],
      file: all,
      from: "if (migrates && isVmaTemporaryStack(vma.flags)) {",
      to: "if (false) {",
    },
    {
      rule: "the walk ends when nothing maps the page any more",
      file: all,
      from: "if (result != UnmapResult.Again || !pageMapped(frame)) break;",
      to: "if (result != UnmapResult.Again) break;",
    },
    {
      rule: "success is that nothing maps the page, whatever the walk came to",
      file: all,
      from: "return !munlocks && result != UnmapResult.Mlock && !pageMapped(frame)",
      to: "return !munlocks && result == UnmapResult.Again",
    },
    {
      rule: "a page that may be shared belongs to the root's anon_vma",
      file: accounting,
      from: "if (!exclusive) anonVma = changetype<AnonVma>(<usize>anonVma).root;",
      to: "",
    },
    {
      rule: "the last unmap clears PG_mlocked",
      file: accounting,
      from: "    clearPageMlock(frame);\n",
      to: "",
    },
    {
      rule: "page_lock_anon_vma looks again whether the page is mapped",
      file: lookup,
      from: "if (!pageMapped(frame)) {\n      unlock(mutex);",
      to: "if (false) {\n      unlock(mutex);",
    },
    {
      rule: "and once more before it waits for the mutex",
      tests: ["test/rmap/page-lock"],
      file: lookup,
      from: "  if (!pageMapped(frame)) {\n    putAnonVma(anonVma);\n    return null;\n  }\n",
      to: "",
    },
    {
      rule: "VM_LOCKED is looked at again under mmap_sem",
      tests: ["test/rmap/unmapping"],
      file: one,
      from: "let locked = (vma.flags & VmFlag.Locked) != 0;",
      to: "let locked = true;",
    },
    {
      rule: "page_get_anon_vma looks again whether the page is mapped",
      file: lookup,
      from: "if (pageMapped(frame)) return anonVma;",
      to: "return anonVma;",
    },
    {
      rule: "a pin that is the last reference is put with the mutex let go",
      file: lookup,
      from: "if (anonVma.refcount == 1) {",
      to: "if (false) {",
    },
  ],
};
