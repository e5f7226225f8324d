const swap = "assembly/mm/swap.ts";
const swapoff = "assembly/mm/swapoff.ts";
const isolation = "assembly/struct/isolation.ts";

export default {
  group: "races",
  tests: ["test/explore/swap-races", "test/explore/mlock-races"],
  breaks: [
    {
      rule: "a swap slot is looked at only if there still is one",
      file: "assembly/struct/swap-slot.ts",
      from: "return slabIsLive(slot);",
      to: "return true;",
    },
    {
      rule: "whose entry was the last of a swap slot is known under the swap lock",
      file: swap,
      from: "if (!pageMapped(frame) || isSwapFull()) tryToFreeSwap(frame);",
      to: "if (isSwapFull()) tryToFreeSwap(frame);",
    },
    {
      rule: "swapoff keeps an address space from being torn down",
      file: swapoff,
      from: "    mmGet(mm);\n    return at;",
      to: "    mm.count++;\n    return at;",
    },
    {
      rule: "swapoff goes round again for what others had in hand",
      file: swapoff,
      from: "if (!area.inUse) break;",
      to: "break;",
    },
    {
      rule: "an area that is being emptied is none for a second swapoff",
      file: swapoff,
      from: "if (!area.on) return Errno.EINVAL;",
      to: "if (!area.limit) return Errno.EINVAL;",
    },
    {
      rule: "reclaim asks under tree_lock whether somebody came to the page",
      tests: ["test/explore/file-races", "test/api/list-position"],
      file: "assembly/mm/file.ts",
      from: "  const removed = isDisposable(frame);\n",
      to: "  const removed = true;\n",
    },
    {
      rule: "whoever puts a page on the unevictable list looks again afterwards",
      file: isolation,
      from: "while (!evictable && pageEvictable(frame) && isolateLruPage(frame)) {",
      to: "while (false) {",
    },
    {
      rule: "a page that is put back on its list may be there",
      file: isolation,
      from: "const stays = pageEvictable(frame) && ",
      to: "const stays = ",
    },
    {
      rule: "try_to_unmap takes PG_mlocked back if nothing maps the page any more",
      file: "assembly/rmap/unmap-one.ts",
      from: "      clearPageMlock(frame);\n",
      to: "",
    },
  ],
};
