// What verify() says of changes that would be lost, and of storage keys.

import { describe } from "vitest";
import { PageFlag } from "../../assembly/abi/flag.js";
import { damageTest, hex } from "./damage.js";
import { OWN, pageAt, SWAPPED, type Family } from "./family.js";

const PTE_YOUNG = 0x20;
const arch = "s390x";

/** Nothing marks the page as changed any more. */
function wash({ raw }: Family, frame: number): void {
  const at = raw.frameAt("pageFlags", frame);
  raw.set32(at, raw.get32(at) & ~PageFlag.Dirty);
}

/** The frame of a tmpfs page that was changed with write(2). */
function writtenPage({ kernel }: Family, mapped: boolean): number {
  const process = kernel.spawn();
  const file = kernel.createFile({ pages: 1, kind: "tmpfs" });
  process.mmap({ address: OWN, length: 4096, fixed: true, shared: true, file });
  process.read(OWN);
  const { frame } = pageAt(process, OWN);
  if (!mapped) process.exit();
  file.write(0, 5);
  return frame;
}

describe("I7: no change is lost", () => {
  for (const options of [{}, { arch }] as const) {
    damageTest(
      `a file's page with other contents than it would be read with (${options.arch ?? "x86-64"})`,
      (family) => {
        const frame = writtenPage(family, false);
        wash(family, frame);
        return [`I7 page ${frame} was changed to 5, but nothing says so: read again it would be 0`];
      },
      options,
    );
  }

  damageTest(
    "the key of a page that is mapped is enough to know of a change",
    (family) => {
      wash(family, writtenPage(family, true));
      return [];
    },
    { arch },
  );

  damageTest("a page in the swap cache with other contents than swap has", (family) => {
    const { kernel, raw, parent } = family;
    const frame = raw.swapSlot(parent, SWAPPED).get("frame");
    const page = kernel.page(frame);
    wash(family, frame);
    return [
      `I7 page ${frame} was changed to ${page.word}, but nothing says so: read again it would be 0`,
    ];
  });

  damageTest(
    "an entry that is marked as touched where entries have no marks",
    ({ raw, parent }) => {
      const at = raw.entryAt(parent, OWN);
      raw.set32(at, raw.get32(at) | PTE_YOUNG);
      const what = "is marked as touched or changed, which entries of an s390x can't be";
      return [`I7 the entry at ${hex(OWN)} of process 1 ${what}`];
    },
    { arch },
  );

  damageTest(
    "a free frame whose key has marks",
    ({ raw }) => {
      const frame = 256;
      const at = raw.frameAt("keysChanged", frame);
      raw.set32(at, raw.get32(at) | 1);
      return [`I7 frame ${frame}, which is free, has a storage key of 0x2`];
    },
    { arch },
  );
});
