// What the processes of a script do, and what is done to their pages.

import { KernelError } from "../core/kernel-error.js";
import type { Process } from "../kernel/process.js";
import { addressOf, bytesOf } from "./arena.js";
import { type Cast, doneBy, SKIPPED } from "./cast.js";
import type {
  MmapOperation,
  MoveOperation,
  PageOperation,
  PoisonOperation,
  ProcessOperation,
  ReferencedOperation,
  SpawnOperation,
  WriteOperation,
} from "./operation.js";
import { collapse, migrate, pageShown, type RangeOutcome, swapOut } from "./page-range.js";

/** @returns the operation's result @throws KernelError: see the calls of Process */
export function onProcess(
  cast: Cast,
  operation: Exclude<ProcessOperation, SpawnOperation>,
): number | string {
  const process = cast.processes.get(operation.process)?.process;
  if (!process?.alive) return SKIPPED;
  switch (operation.op) {
    case "fork":
      cast.add(operation.child, operation.process, process.fork());
      return 0;
    case "exit":
      process.exit();
      return 0;
    case "hold":
      process.hold();
      return 0;
    case "let-go":
      process.letGo();
      return 0;
    case "move":
      return move(cast, process, operation);
    case "exec": {
      const { stack } = operation;
      process.exec(stack ? { stack: { pages: stack.pages, top: addressOf(stack.end) } } : {});
      return 0;
    }
    case "notifier": {
      const { newDevice: name, model } = operation;
      const notifier = process.registerNotifier({ model });
      cast.devices.set(name, { name, owner: operation.process, notifier });
      return 0;
    }
    case "mlockall":
      process.mlockall({ current: operation.current, future: operation.future });
      return 0;
    case "munlockall":
      process.munlockall();
      return 0;
    default:
      return "count" in operation
        ? onRange(cast, process, operation)
        : onPage(cast, process, operation);
  }
}

function move(cast: Cast, process: Process, { cgroup: name }: MoveOperation): number | string {
  const cgroup = cast.cgroup(name);
  if (cgroup === undefined) return SKIPPED;
  cgroup.move(process);
  return 0;
}

/** How many processes hear of it. @throws KernelError EBUSY as memory_failure says of a page that is still used */
function poison({ kernel }: Cast, process: Process, { page, early }: PoisonOperation): number {
  const failure = kernel.memoryFailure(pageShown(process, page), { early });
  if (failure.result === "ignored" || failure.result === "failed") {
    const why = failure.result === "failed" ? "the page is still used" : "nothing could be done";
    throw new KernelError("EBUSY", "poison", why);
  }
  return failure.signalled.length;
}

function onPage(
  cast: Cast,
  process: Process,
  operation: PageOperation | ReferencedOperation | WriteOperation | PoisonOperation,
): number | string {
  const { kernel } = cast;
  const address = addressOf(operation.page);
  switch (operation.op) {
    case "poison":
      return poison(cast, process, operation);
    case "read":
      return process.read(address);
    case "write":
      process.write(address, operation.value);
      return 0;
    case "referenced": {
      const by = doneBy(cast, operation.by);
      if (by === undefined) return SKIPPED;
      return kernel.pageReferenced(pageShown(process, operation.page), by);
    }
    case "rmap":
      return kernel.rmapWalk(pageShown(process, operation.page));
    case "collapse":
      collapse(process, operation.page);
      return 0;
    case "split":
      kernel.splitHugePage(pageShown(process, operation.page));
      return 0;
    case "pin":
      kernel.pin(pageShown(process, operation.page));
      return 0;
    case "unpin":
      kernel.unpin(pageShown(process, operation.page));
      return 0;
  }
}

function onRange(
  cast: Cast,
  process: Process,
  operation: Extract<ProcessOperation, { readonly count: number }>,
): number | string {
  const address = addressOf(operation.page);
  const length = bytesOf(operation.count);
  switch (operation.op) {
    case "mmap":
      return mmap(cast, process, operation);
    case "munmap":
      process.munmap(address, length);
      return 0;
    case "stack":
      process.mmap({ address, length, fixed: true, growsDown: true });
      return 0;
    case "mprotect":
      process.mprotect(address, length, operation.prot);
      return 0;
    case "mremap": {
      const to = addressOf(operation.newPage);
      process.mremap(address, length, bytesOf(operation.newCount), { mayMove: true, to });
      return 0;
    }
    case "remap_file_pages": {
      const { pgoff, nonBlock } = operation;
      process.remapFilePages(address, length, pgoff, { nonBlock });
      return 0;
    }
    case "madvise":
      process.madvise(address, length, operation.advice);
      return 0;
    case "mlock":
      process.mlock(address, length);
      return 0;
    case "munlock":
      process.munlock(address, length);
      return 0;
    case "swap-out":
      return gone(cast, swapOut(cast.kernel, process, operation.page, operation.count));
    case "migrate":
      return gone(cast, migrate(cast.kernel, process, operation.page, operation.count));
  }
}

function gone(cast: Cast, { gone: pages, ...range }: RangeOutcome): number {
  cast.range = range;
  return pages;
}

function mmap({ files }: Cast, process: Process, operation: MmapOperation): number | string {
  const { page, count, prot, shared, backing, huge } = operation;
  const placed = { address: addressOf(page), length: bytesOf(count), fixed: true, prot, shared };
  if (backing === null) {
    process.mmap(huge ? { ...placed, hugetlb: true } : placed);
    return 0;
  }
  const file = files.get(backing.file);
  if (file === undefined) return SKIPPED;
  process.mmap({ ...placed, file, pgoff: backing.pgoff, hugetlb: huge });
  return 0;
}
