import {
  createKernel,
  type File,
  type Kernel,
  type KernelOptions,
  type Page,
  type Process,
} from "../../bindings/index.js";
import { RawMachine } from "./raw-machine.js";

const PAGE = 4096;

/** Where things are in every process of the family. */
export const HEAP = 0x10000000;
export const PRIVATE_FILE = 0x20000000;
export const SHARED_FILE = 0x30000000;
/** Swapped out in all of them. */
export const SWAPPED = HEAP + 6 * PAGE;
/** Written by the parent alone: its page is the parent's. */
export const OWN = HEAP + PAGE;
/** Read-only, between two writable VMAs. */
export const SPLIT = HEAP + 4 * PAGE;

/**
 * Three generations over the same memory: an anonymous range in three VMAs with pages before and after
 * each fork and one page in swap, a file mapped private and shared.
 */
export interface Family {
  readonly kernel: Kernel;
  readonly raw: RawMachine;
  readonly parent: Process;
  readonly child: Process;
  readonly grandchild: Process;
  readonly file: File;
}

/** A family in a fresh machine of the checked build. */
export async function raiseFamily(options: KernelOptions = {}): Promise<Family> {
  const kernel = await createKernel({ build: "checked", frames: 256, ...options });
  const parent = kernel.spawn();
  const file = kernel.createFile({ pages: 100, word: 7 });
  const fixed = true;
  parent.mmap({ address: HEAP, length: 8 * PAGE, fixed });
  parent.mmap({ address: PRIVATE_FILE, length: 8 * PAGE, fixed, file, pgoff: 2 });
  parent.mmap({ address: SHARED_FILE, length: 8 * PAGE, fixed, file, pgoff: 70, shared: true });
  for (let page = 0; page < 8; page++) parent.write(HEAP + page * PAGE, page);
  parent.mprotect(SPLIT, 2 * PAGE, "r");
  parent.read(PRIVATE_FILE);
  parent.write(PRIVATE_FILE + PAGE, 1);
  parent.write(SHARED_FILE, 1);
  const child = parent.fork();
  child.write(HEAP, 100);
  child.read(SHARED_FILE);
  const grandchild = child.fork();
  grandchild.write(HEAP + 2 * PAGE, 200);
  grandchild.write(PRIVATE_FILE + PAGE, 2);
  parent.write(OWN, 300);
  const swapped = pageAt(parent, SWAPPED);
  kernel.pageReferenced(swapped);
  if (kernel.tryToUnmap(swapped) !== "success") throw new Error("the page was not swapped out");
  return { kernel, raw: new RawMachine(kernel), parent, child, grandchild, file };
}

/** Two nonlinear mappings of inode 2 in the parent. */
export const NONLINEAR = [0x50000000, 0x60000000] as const;
/** A linear one beside them. */
export const LINEAR = 0x70000000;

/** Gives the parent mappings of another file with pages out of order, present and not. */
export function remapPages({ kernel, parent }: Family): void {
  const file = kernel.createFile({ pages: 16, kind: "tmpfs", word: 50 });
  for (const address of [...NONLINEAR, LINEAR]) {
    parent.mmap({ address, length: 8 * PAGE, fixed: true, file, shared: true });
  }
  for (const address of NONLINEAR) parent.remapFilePages(address, PAGE, 5);
  parent.remapFilePages(NONLINEAR[0] + PAGE, PAGE, 6, { nonBlock: true });
}

/** The page that is present at an address. @throws Error when none is */
export function pageAt(process: Process, address: number): Page {
  const page = process.pageAt(address);
  if (!page) throw new Error(`process ${process.pid} has no page at 0x${address.toString(16)}`);
  return page;
}

/** The invariants that a machine breaks, each once, in their order. */
export function brokenInvariants(kernel: Kernel): string[] {
  return [...new Set(kernel.verify().map(({ invariant }) => invariant))].sort();
}

/** What verify() says, line by line. */
export function messages(kernel: Kernel): string[] {
  return kernel.verify().map(({ invariant, message }) => `${invariant} ${message}`);
}
