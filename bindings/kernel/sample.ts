import type { Core } from "../core/core.js";
import { KernelError } from "../core/kernel-error.js";
import { refused } from "./argument.js";

/** Hands the core the pages that its benchmark loops go over. @throws KernelError EINVAL, ENOMEM */
export function setSample(core: Core, frames: Uint32Array): void {
  if (!(frames instanceof Uint32Array)) {
    throw refused("setSample", "frames", frames, "a Uint32Array of frames in use");
  }
  const free = frames.find((frame) => !core.pageHandle(frame));
  if (!frames.length || free !== undefined) {
    const what = frames.length ? `frame ${free} holds no page` : "no frames";
    throw new KernelError("EINVAL", "setSample()", `${what}; accepted: frames in use`);
  }
  const at = core.sampleReserve(frames.length) >>> 0;
  if (!at) throw new KernelError("ENOMEM", "setSample()", `${frames.length} frames`);
  new Uint32Array(core.memory.buffer, at, frames.length).set(frames);
  if (core.samplePrepare()) throw new KernelError("ENOMEM", "setSample()", "mappings");
}
