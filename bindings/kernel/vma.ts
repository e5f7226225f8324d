import { VmFlag } from "../../assembly/abi/flag.js";
import { VMA_RECORD } from "../../assembly/abi/memory.js";
import { PAGE_SIZE } from "../../assembly/abi/unit.js";
import type { Context } from "./context.js";
import type { File } from "./file.js";
import type { Process } from "./process.js";
import { protOf, type Prot } from "./prot.js";

/** A virtual memory area, as it was when it was asked for. */
export interface Vma {
  readonly process: Process;
  /** First byte. */
  readonly start: number;
  /** First byte behind it. */
  readonly end: number;
  /** What it shows at its start, in pages: of the file, or of the anonymous object. */
  readonly pgoff: number;
  readonly prot: Prot;
  /** As /proc/PID/maps prints it: "rw-p". */
  readonly perms: string;
  readonly shared: boolean;
  readonly file: File | null;
  /** Of huge pages of the pool. */
  readonly hugetlb: boolean;
  /** VmFlag bits. */
  readonly flags: number;
  /** Number of its anon_vma, 0 if it has none. */
  readonly anonVma: number;
}

function permsOf(flags: number): string {
  return (
    (flags & VmFlag.Read ? "r" : "-") +
    (flags & VmFlag.Write ? "w" : "-") +
    (flags & VmFlag.Exec ? "x" : "-") +
    (flags & VmFlag.MayShare ? "s" : "p")
  );
}

/** Which page of its file, or of its anonymous object, a VMA shows at an address where no page is present. */
export function pgoffShownAt(vma: Vma, address: number): number {
  const page = address - (address % PAGE_SIZE);
  const own =
    vma.flags & VmFlag.Nonlinear
      ? vma.process.fileEntries().find((entry) => entry.address === page)
      : undefined;
  return own?.pgoff ?? vma.pgoff + (page - vma.start) / PAGE_SIZE;
}

/** The VMA in the record at an address (assembly/mm/report.ts). */
export function readVma(context: Context, process: Process, at: number): Vma {
  const { view } = context.machine;
  const flags = view.getUint32(at + 4, true);
  return {
    process,
    start: view.getFloat64(at + 8, true),
    end: view.getFloat64(at + 16, true),
    pgoff: view.getFloat64(at + 24, true),
    prot: protOf(flags),
    perms: permsOf(flags),
    shared: (flags & VmFlag.Shared) !== 0,
    file: context.fileOf(view.getFloat64(at + 32, true)),
    hugetlb: (flags & VmFlag.Hugetlb) !== 0,
    flags,
    anonVma: view.getFloat64(at + 40, true),
  };
}

/** The VMAs in n records. */
export function readVmas(context: Context, process: Process, at: number, n: number): Vma[] {
  return Array.from({ length: n }, (_, i) => readVma(context, process, at + i * VMA_RECORD));
}
