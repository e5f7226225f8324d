import {
  compileCore,
  instantiateCore,
  instantiateCoreAsync,
  type Host,
  type YieldPoint,
} from "../core/core.js";
import { refused } from "./argument.js";
import { Kernel } from "./kernel.js";
import { resolveOptions, type KernelOptions } from "./options.js";

const ignore: YieldPoint = () => {};

function hostWith(yieldPoint: YieldPoint): Host {
  return { yieldPoint, notifierCallback: () => 0 };
}

/**
 * A kernel of its own: one instance, one memory.
 *
 * @throws KernelError EINVAL for an option out of range, ENOMEM when it does not fit, ENOENT when the
 *   build is not there
 */
export async function createKernel(options: KernelOptions = {}): Promise<Kernel> {
  const resolved = resolveOptions(options);
  const module = await compileCore(options.build);
  const host = hostWith(ignore);
  return new Kernel(await instantiateCoreAsync(module, host), resolved, host);
}

/**
 * createKernel for workers and tests, from a module of compileCore().
 *
 * @param yieldPoint called at the yield points of the explore build
 * @throws KernelError EINVAL, ENOMEM
 */
export function createKernelSync(
  module: WebAssembly.Module,
  options: Omit<KernelOptions, "build"> = {},
  yieldPoint: YieldPoint = ignore,
): Kernel {
  const resolved = resolveOptions(options);
  const { build } = options as KernelOptions;
  if (build !== undefined) {
    throw refused("createKernelSync", "build", build, "none, as the module is a build");
  }
  const host = hostWith(yieldPoint);
  return new Kernel(instantiateCore(module, host), resolved, host);
}
