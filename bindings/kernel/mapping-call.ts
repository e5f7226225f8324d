// Calls that change what is mapped in a process: what Process documents, done.

import { Op } from "../../assembly/abi/operation.js";
import { whyMadvise } from "./advice-refusal.js";
import { integer } from "./argument.js";
import { hex } from "./context.js";
import { whyMmap, whyMprotect, whyMunmap } from "./mmap-refusal.js";
import { whyMremap, whyRemap } from "./mremap-refusal.js";
import {
  putMadvise,
  putMmap,
  putMprotect,
  putMremap,
  putRemap,
  type Advice,
  type MmapOptions,
  type MremapOptions,
  type RemapOptions,
} from "./operation.js";
import type { ProcessCall } from "./process-call.js";
import type { Prot } from "./prot.js";

export function mmap(call: ProcessCall, options: MmapOptions): number {
  const { context, process } = call;
  putMmap(call.put, context, call.task, options);
  return call.run(
    () => `mmap(${hex(options.address ?? 0)}, ${options.length})`,
    (errno) => whyMmap(errno, context, process, options),
  );
}

export function munmap(call: ProcessCall, address: number, length: number): void {
  integer("munmap", "address", address);
  integer("munmap", "length", length);
  call.put(Op.Munmap, call.task, address, length);
  call.run(
    () => `munmap(${hex(address)}, ${length})`,
    (errno) => whyMunmap(errno, call.context, call.process, address, length),
  );
}

export function mprotect(call: ProcessCall, address: number, length: number, prot: Prot): void {
  putMprotect(call.put, call.task, address, length, prot);
  call.run(
    () => `mprotect(${hex(address)}, ${length}, ${prot})`,
    (errno) => whyMprotect(errno, call.context, call.process, address, length),
  );
}

export function mremap(
  call: ProcessCall,
  address: number,
  oldLength: number,
  newLength: number,
  options: MremapOptions,
): number {
  const { context, process } = call;
  putMremap(call.put, call.task, address, oldLength, newLength, options);
  return call.run(
    () => `mremap(${hex(address)}, ${oldLength}, ${newLength})`,
    (errno) => whyMremap(errno, context, process, address, oldLength, newLength, options),
  );
}

export function remapFilePages(
  call: ProcessCall,
  address: number,
  length: number,
  pgoff: number,
  options: RemapOptions,
): void {
  putRemap(call.put, call.task, address, length, pgoff, options);
  call.run(
    () => `remapFilePages(${hex(address)}, ${length}, ${pgoff})`,
    (errno) => whyRemap(errno, call.context, call.process, address, length, pgoff),
  );
}

export function madvise(call: ProcessCall, address: number, length: number, advice: Advice): void {
  putMadvise(call.put, call.task, address, length, advice);
  call.run(
    () => `madvise(${hex(address)}, ${length}, ${advice})`,
    (errno) => whyMadvise(errno, call.context, call.process, address, length, advice),
  );
}
