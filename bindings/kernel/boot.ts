import { Arch } from "../../assembly/abi/machine.js";
import { Errno } from "../../assembly/abi/result.js";
import { failed, type Context } from "./context.js";
import { setHugePages } from "./huge-pages.js";
import { hugePagePolicies } from "./options.js";
import { switchCodes } from "./releases.js";

/** Starts a machine with its options: every switch and size. @throws KernelError ENOMEM when it does not fit */
export function boot(context: Context): void {
  const { machine, options } = context;
  const { core } = machine;
  switchCodes(options).forEach((code, which) => {
    core.setSwitch(which, code);
  });
  const errno = core.kernelInit(
    options.frames,
    options.memory,
    options.maxMapCount,
    options.swap,
    options.memlock,
    options.arch === "s390x" ? Arch.S390x : Arch.X86,
    options.stack,
    hugePagePolicies.indexOf(options.transparentHugepage),
  );
  if (errno) {
    const what = `${options.frames} frames do not fit in ${options.memory} bytes of memory`;
    throw failed(-errno, "createKernel", what);
  }
  if (options.hugePages > 0 && setHugePages(machine, options.hugePages) < options.hugePages) {
    const what = `${options.hugePages} huge pages do not fit in ${options.frames} frames`;
    throw failed(-Errno.ENOMEM, "createKernel", what);
  }
}
