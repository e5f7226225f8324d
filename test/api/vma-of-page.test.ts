// page_address_in_vma and page_mapped_in_vma: for a VMA that no index returned (spec: "Address arithmetic
// and checking").

import { beforeEach, expect, test } from "vitest";
import { createKernel, type Kernel, type Process } from "../../bindings/index.js";
import { at, codeOf, lay, PAGE, pageAt } from "./ground.js";

let kernel: Kernel;
let process: Process;

beforeEach(async () => {
  kernel = await createKernel({ frames: 64, build: "checked" });
  process = kernel.spawn();
});

test("a page is where its offset is in the VMA, and mapped there", () => {
  lay(process, 4, 4);
  process.write(at(6), 1);
  const page = pageAt(process, 6);
  const [vma] = process.vmas();
  expect(kernel.pageAddressInVma(page, vma!)).toBe(at(6));
  expect(kernel.pageMappedInVma(page, vma!)).toBe(true);
});

test("a child's VMA would hold the parent's page after it copied it, but does not map it", () => {
  lay(process, 0, 2);
  process.write(at(0), 1);
  const page = pageAt(process, 0);
  const child = process.fork();
  child.write(at(0), 2);
  const [vma] = child.vmas();
  expect(kernel.pageAddressInVma(page, vma!)).toBe(at(0));
  expect(kernel.pageMappedInVma(page, vma!)).toBe(false);
});

test("a VMA of another root, of no anon_vma, or of another file can't hold it", () => {
  lay(process, 0, 2);
  process.write(at(0), 1);
  lay(process, 10, 2);
  process.write(at(10), 1);
  lay(process, 20, 2);
  lay(process, 30, 2, { file: kernel.createFile({ pages: 2 }) });
  const page = pageAt(process, 0);
  const others = process.vmas().slice(1);
  expect(others).toHaveLength(3);
  for (const vma of others) {
    expect(kernel.pageAddressInVma(page, vma)).toBeNull();
    expect(kernel.pageMappedInVma(page, vma)).toBe(false);
  }
});

test("a page outside the VMA's bounds is nowhere in it", () => {
  lay(process, 0, 4);
  process.write(at(3), 1);
  const page = pageAt(process, 3);
  process.mprotect(at(0), 2 * PAGE, "r");
  const [lower, upper] = process.vmas();
  expect(kernel.pageAddressInVma(page, lower!)).toBeNull();
  expect(kernel.pageAddressInVma(page, upper!)).toBe(at(3));
});

test("a VMA that is gone, and a page that was freed, are ESTALE", () => {
  lay(process, 0, 2);
  process.write(at(0), 1);
  const page = pageAt(process, 0);
  const [vma] = process.vmas();
  process.munmap(at(0), 2 * PAGE);
  expect(codeOf(() => kernel.pageAddressInVma(page, vma!))).toBe("ESTALE");
  lay(process, 0, 2);
  expect(codeOf(() => kernel.pageMappedInVma(page, vma!))).toBe("ESTALE");
});

test("the pages of a benchmark are frames in use", () => {
  lay(process, 0, 2);
  process.write(at(0), 1);
  const { frame } = pageAt(process, 0);
  kernel.setSample(Uint32Array.of(frame, frame));
  expect(kernel.core.benchStab(5, 1)).toBe(5);
  expect(codeOf(() => kernel.setSample(Uint32Array.of(frame, 50)))).toBe("EINVAL");
  expect(codeOf(() => kernel.setSample(new Uint32Array(0)))).toBe("EINVAL");
});

test("objects from before two snapshots are good after both were restored", () => {
  const first = kernel.snapshot();
  const child = process.fork();
  const file = kernel.createFile({ pages: 3 });
  const second = kernel.snapshot();
  kernel.restore(first);
  expect(codeOf(() => file.pages)).toBe("ESTALE");
  kernel.restore(second);
  expect(file.pages).toBe(3);
  expect(child.alive).toBe(true);
});

test("the VMA that holds an address is found, and none in a hole", () => {
  lay(process, 4, 4);
  expect(process.vmaAt(at(4))?.start).toBe(at(4));
  expect(process.vmaAt(at(8) - 1)?.start).toBe(at(4));
  expect([at(4) - 1, at(8), 2 ** 52].map((address) => process.vmaAt(address))).toEqual([
    null,
    null,
    null,
  ]);
  expect(codeOf(() => process.vmaAt(0.5))).toBe("EINVAL");
});

test("a page that KSM shares is mapped in a VMA that has it at its own index", () => {
  lay(process, 0, 1);
  lay(process, 8, 1);
  for (const i of [0, 8]) {
    process.write(at(i), 7);
    process.madvise(at(i), PAGE, "mergeable");
  }
  kernel.ksm.settle();
  const page = pageAt(process, 0);
  const mapped = process
    .vmas()
    .map((vma) => [
      vma.pgoff === page.index,
      kernel.pageMappedInVma(page, vma),
      kernel.pageAddressInVma(page, vma),
    ]);
  expect(page).toMatchObject({ ksm: true, mapcount: 2 });
  // page_address_in_vma knows nothing of KSM: such a page has neither an anon_vma nor a file.
  expect(mapped.sort()).toEqual([
    [false, false, null],
    [true, true, null],
  ]);
});
