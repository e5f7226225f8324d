import type { File, MmuNotifier, Page, Process } from "../../bindings/index.js";
import type { CoreSide } from "./core-side.js";
import {
  inVma,
  PAGE,
  type DeviceOperation,
  type FileOperation,
  type Operation,
  type Outcome,
  type PageOperation,
} from "./operation.js";

/** An operation on a file of the core. */
export function ofFile(operation: FileOperation, file: File): Outcome {
  switch (operation.op) {
    case "truncate":
      file.truncate(operation.pages);
      return 0;
    case "file-read":
      return file.read(operation.pgoff);
    case "file-write":
      file.write(operation.pgoff, operation.word);
      return 0;
    case "writeback":
      return file.writeback();
    case "punch":
      file.punchHole(operation.pgoff, operation.pages);
      return 0;
    case "invalidate":
      return file.invalidate(operation.pgoff, operation.pages, operation.how);
  }
}

/** An operation of a device of the core. */
export function ofDevice(operation: DeviceOperation, device: MmuNotifier): Outcome {
  switch (operation.op) {
    case "device-detach":
      device.unregister();
      return 0;
    case "device-read":
      return device.read(operation.address);
    case "device-write":
      device.write(operation.address, operation.word);
      return 0;
  }
}

type PagesOperation = PageOperation | Extract<Operation, { readonly op: "swap-out" | "migrate" }>;

/** An operation on pages that a process of the core shows. */
export function ofPages(side: CoreSide, operation: PagesOperation, process: Process): Outcome {
  const { kernel } = side;
  if (operation.op === "swap-out") {
    const fates = shown(process, operation).map((page) => kernel.shrinkPage(page, { force: true }));
    return fates.join(" ");
  }
  if (operation.op === "migrate") {
    const results = shown(process, operation).map((page) => kernel.migratePage(page).result);
    return results.join(" ");
  }
  const page = process.pageAt(operation.address);
  return page === null ? "no page" : ofPage(side, operation, page);
}

function ofPage(side: CoreSide, operation: PageOperation, page: Page): Outcome {
  const { kernel } = side;
  switch (operation.op) {
    case "page-referenced":
      return kernel.pageReferenced(page, {
        ...(operation.cgroup === null ? {} : { cgroup: side.cgroup(operation.cgroup) }),
        ...side.by(operation.by),
      });
    case "try-to-unmap": {
      const { ignoreAccess, ignoreMlock, ignoreHwpoison } = operation;
      return kernel.tryToUnmap(page, { ignoreAccess, ignoreMlock, ignoreHwpoison });
    }
    case "try-to-munlock":
      return kernel.tryToMunlock(page);
    case "page-mkclean":
      return kernel.pageMkclean(page);
    case "shrink":
      return kernel.shrinkPage(page, side.by(operation.by));
    case "page-in-vma": {
      const vma = side.processes[operation.other]?.vmaAt(operation.within) ?? null;
      if (vma === null) return "not asked";
      return inVma(kernel.pageAddressInVma(page, vma), kernel.pageMappedInVma(page, vma));
    }
    case "pin":
      kernel.pin(page);
      return 0;
    case "unpin":
      kernel.unpin(page);
      return 0;
    case "isolate":
      return kernel.isolate(page) ? 1 : 0;
    case "putback":
      kernel.putback(page);
      return 0;
    case "release-buffers":
      return kernel.releaseBuffers(page) ? 1 : 0;
    case "test-clear-referenced":
      return kernel.storageKeys.testAndClearReferenced(page) ? 1 : 0;
    case "test-clear-changed":
      return kernel.storageKeys.testAndClearChanged(page) ? 1 : 0;
    case "split":
      return kernel.splitHugePage(page) ? 1 : 0;
    case "poison":
      kernel.poison(page);
      return 0;
    case "memory-failure": {
      const { result, signalled } = kernel.memoryFailure(page, { early: operation.early });
      return `${result} ${signalled.map(({ pid }) => pid).join(" ")}`;
    }
  }
}

/** The pages of a range, each once. */
function shown(
  process: Process,
  { address, length }: { readonly address: number; readonly length: number },
): Page[] {
  const pages = new Map<number, Page>();
  for (let at = address; at < address + length; at += PAGE) {
    const page = process.pageAt(at);
    if (page !== null && !pages.has(page.frame)) pages.set(page.frame, page);
  }
  return [...pages.values()];
}
