// Whose address space the processor runs in: `current->mm` of each actor, 0 for kernel threads and for whoever is none
// of our processes.

import { header } from "./header";

/** One word for each actor, behind the header. */
const CURRENT: usize = 0x76c0;

function own(): usize {
  return CURRENT + ((<usize>header().actor) << 2);
}

/** The address space of whoever runs now, or 0. */
export function currentMm(): u32 {
  return load<u32>(own());
}

/** From now on that address space's process runs here; 0: nobody's. */
export function setCurrentMm(mm: u32): void {
  store<u32>(own(), mm);
}
