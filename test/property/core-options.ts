import type { File, MmapOptions, MremapOptions } from "../../bindings/index.js";
import type { MmapOperation, MremapOperation } from "./operation.js";

/** What mmap of the core takes; `file` is the one of that number. */
export function mmapOptions(operation: MmapOperation, file: (number: number) => File): MmapOptions {
  const { address, length, prot, shared, fixed, noReserve, locked, growsDown, stackSetup } =
    operation;
  return {
    ...(address === null ? {} : { address }),
    length,
    prot,
    shared,
    fixed,
    noReserve,
    locked,
    growsDown,
    stackSetup,
    ...(operation.file === null ? {} : { file: file(operation.file), pgoff: operation.pgoff }),
  };
}

export function mremapOptions({ mayMove, to }: MremapOperation): MremapOptions {
  return { mayMove, ...(to === null ? {} : { to }) };
}
