// Actors of the explorer: each has room for the stack that Asyncify saves when it is suspended.

import { header } from "../memory/header";
import { heapAlloc } from "../memory/heap";

/** Who runs from now on: 0 is nobody, whom yield points do not stop. */
export function setActor(actor: u32): void {
  header().actor = actor;
}

/** Room of so many bytes for a suspended actor, or 0 when memory is exhausted. */
export function actorStack(bytes: u32): u32 {
  return <u32>heapAlloc(bytes);
}
