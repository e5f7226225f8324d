import { expect, test } from "vitest";
import { raiseFamily, HEAP, PRIVATE_FILE, SHARED_FILE, SWAPPED } from "./family.js";

for (const anonIndex of ["interval-tree", "list"] as const) {
  for (const build of ["release", "checked", "explore"] as const) {
    test(`a healthy machine breaks nothing (${build}, ${anonIndex})`, async () => {
      const { kernel, parent, child, grandchild, file } = await raiseFamily({ anonIndex, build });
      expect(kernel.verify()).toEqual([]);
      child.write(SWAPPED, 1);
      expect(kernel.verify()).toEqual([]);
      parent.mremap(HEAP, 4096, 3 * 4096, { mayMove: true });
      expect(kernel.verify()).toEqual([]);
      const thread = child.fork({ shareMemory: true });
      file.truncate(4);
      expect(kernel.verify()).toEqual([]);
      child.exit();
      thread.munmap(PRIVATE_FILE, 4096);
      expect(kernel.verify()).toEqual([]);
      parent.exec();
      grandchild.munmap(SHARED_FILE, 8 * 4096);
      expect(kernel.verify()).toEqual([]);
      thread.exit();
      grandchild.exit();
      parent.exit();
      expect(kernel.verify()).toEqual([]);
      kernel.dispose();
    });
  }
}
