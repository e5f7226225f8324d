// How operations read their arguments and say what came of them.

import { Errno } from "../abi/result";
import { setCurrentMm } from "../memory/current";
import { frameOfHandle, generationOfHandle, handleOf, objectOf } from "../memory/handle";
import { header } from "../memory/header";
import { Cache } from "../memory/slab";
import { pageGeneration, pageInUse } from "../struct/page";
import { Task } from "../struct/task";

/** Argument n of a record: checked to be an integer by submit. */
export function arg(record: usize, n: usize): u64 {
  return <u64>load<f64>(record + 8 + (n << 3));
}

/** Argument n as it was given: a handle. */
export function handleArg(record: usize, n: usize): f64 {
  return load<f64>(record + 8 + (n << 3));
}

export function fail(error: i32): f64 {
  return <f64>-error;
}

export function created(object: usize): f64 {
  return object ? handleOf(object) : fail(Errno.ENOMEM);
}

/** The frame of a page's handle, or 0 when the page is gone. */
export function frameOf(handle: f64): u32 {
  const frame = frameOfHandle(handle);
  if (frame == 0 || frame > header().frameTop) return 0;
  if (pageGeneration(frame) != generationOfHandle(handle) || !pageInUse(frame)) return 0;
  return frame;
}

/** Is it no handle of a memcg? 0 is none, which is right. */
export function isStaleMemcg(handle: f64): bool {
  return handle != 0 && !objectOf(Cache.Memcg, handle);
}

/** Is it no handle of a task? 0 is none, which is right. */
export function isGoneTask(handle: f64): bool {
  return handle != 0 && !objectOf(Cache.Task, handle);
}

/** What follows is done in the context of the task of a handle, until leaveContext; 0: of nobody. */
export function enterContext(handle: f64): void {
  setCurrentMm(handle ? changetype<Task>(objectOf(Cache.Task, handle)).mm : 0);
}

export function leaveContext(): void {
  setCurrentMm(0);
}

/** The memcg of a handle, 0 for none. */
export function memcgOf(handle: f64): u32 {
  return handle ? <u32>objectOf(Cache.Memcg, handle) : 0;
}
