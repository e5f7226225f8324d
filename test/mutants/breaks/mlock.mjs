const populate = "assembly/mm/populate.ts";
const mlock = "assembly/mm/mlock.ts";
const munlock = "assembly/rmap/munlock.ts";

export default {
  group: "mlock",
  tests: ["test/api/mlock", "test/api/vmstat", "test/rmap/unmap"],
  breaks: [
    {
      rule: "populate copies what is private and writable",
      file: populate,
      from: "const write = (vma.flags & (VmFlag.Write | VmFlag.Shared)) == VmFlag.Write;",
      to: "const write = false;",
    },
    {
      rule: "populate mlocks the pages it meets",
      file: populate,
      from: "mlockVmaPage(frame);",
      to: "",
    },
    {
      rule: "VM_LOCKED goes before the pages are unlocked",
      tests: ["test/scenario/cases"],
      file: mlock,
      from: "  vma.flags &= ~VmFlag.Locked;\n  for (let at = nextMapped(mm, start, end)",
      to: "  for (let at = nextMapped(mm, start, end)",
    },
    {
      rule: "munlock leaves a page mlocked that another process has locked",
      file: munlock,
      from: "pageMapcount(frame) > 1 ? tryToMunlock(frame) : UnmapResult.Again;",
      to: "UnmapResult.Again;",
    },
    {
      rule: "a page that stays mlocked is not counted as munlocked",
      tests: ["test/api/vmstat"],
      file: munlock,
      from: "  if (result != UnmapResult.Mlock) vmStat",
      to: "  vmStat",
    },
    {
      rule: "no more pages can be locked than the limit allows",
      file: mlock,
      from: "let error = isOverMemlock(mm, pages) ? Errno.ENOMEM : setLocked(mm, start, end, true);",
      to: "let error = setLocked(mm, start, end, true);",
    },
    {
      rule: "after mlockall(MCL_FUTURE) new mappings are locked",
      file: mlock,
      from: "mm.defFlags = how & LockAll.Future ? VmFlag.Locked : 0;",
      to: "mm.defFlags = 0;",
    },
    {
      rule: "unmapping a locked VMA takes its pages off the account",
      file: mlock,
      from: "changetype<MmStruct>(<usize>vma.mm).lockedVm -= <u32>vmaPages(vma);",
      to: "",
    },
    {
      rule: "a child inherits no locked VMA",
      file: "assembly/mm/fork.ts",
      from: "~(VmFlag.Locked | VmFlag.ReserveOwner | VmFlag.ReserveLost)",
      to: "~(VmFlag.ReserveOwner | VmFlag.ReserveLost)",
    },
    {
      rule: "a copy made in a locked VMA unlocks the old page",
      file: "assembly/mm/fault-write-protect.ts",
      from: "munlockVmaPage(old);",
      to: "",
    },
    {
      rule: "clear_page_mlock counts what it cleared",
      file: "assembly/rmap/mlock.ts",
      from: "vmStat(VmStat.UnevictablePgsCleared, 1);",
      to: "",
    },
  ],
};
