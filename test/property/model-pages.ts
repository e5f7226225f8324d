import type { Device } from "../model/device.js";
import { fileRead, fileWrite, invalidate, punch, truncate, writeback } from "../model/file-call.js";
import type { Inode } from "../model/file.js";
import type { Machine } from "../model/machine.js";
import { addressInVma, mappedInVma } from "../model/page-in-vma.js";
import { Page } from "../model/page.js";
import type { ModelProcess } from "../model/process.js";
import {
  inVma,
  PAGE,
  type DeviceOperation,
  type FileOperation,
  type Operation,
  type Outcome,
  type PageOperation,
} from "./operation.js";

/** An operation on a file of the model. */
export function ofFile(operation: FileOperation, inode: Inode): Outcome {
  switch (operation.op) {
    case "truncate":
      truncate(inode, operation.pages);
      return 0;
    case "file-read":
      return fileRead(inode, operation.pgoff);
    case "file-write":
      fileWrite(inode, operation.pgoff, operation.word);
      return 0;
    case "writeback":
      return writeback(inode);
    case "punch":
      punch(inode, operation.pgoff, operation.pages);
      return 0;
    case "invalidate":
      return invalidate(inode, operation.pgoff, operation.pages, operation.how);
  }
}

/** An operation of a device of the model. */
export function ofDevice(operation: DeviceOperation, device: Device): Outcome {
  if (operation.op === "device-detach") {
    device.detach();
    return 0;
  }
  const page = Math.floor(operation.address / PAGE);
  // Faults of a device are its process's.
  return device.space.memory.token.by(device.space, () => {
    if (operation.op === "device-read") return device.access(page, false);
    device.access(page, true, operation.word);
    return 0;
  });
}

type PagesOperation = PageOperation | Extract<Operation, { readonly op: "swap-out" | "migrate" }>;

/** An operation on pages that a process of the model shows. */
export function ofPages(
  machine: Machine,
  operation: PagesOperation,
  process: ModelProcess,
): Outcome {
  if (operation.op === "swap-out") {
    const fates = shown(process, operation).map((page) => machine.shrinkPage(page, true));
    return fates.join(" ");
  }
  if (operation.op === "migrate") {
    const results = shown(process, operation).map((page) => machine.migratePage(page));
    return results.map((result) => (result instanceof Page ? "moved" : result)).join(" ");
  }
  const page = process.pageAt(operation.address);
  return page === null ? "no page" : ofPage(machine, operation, page);
}

function ofPage(machine: Machine, operation: PageOperation, page: Page): Outcome {
  switch (operation.op) {
    case "page-referenced":
      return machine.memory.token.by(machine.spaceOf(operation.by), () =>
        machine.pageReferenced(page, operation.cgroup),
      );
    case "try-to-unmap": {
      return machine.tryToUnmap(page, {
        access: operation.ignoreAccess,
        mlock: operation.ignoreMlock,
        poison: operation.ignoreHwpoison,
      });
    }
    case "try-to-munlock":
      return machine.tryToMunlock(page);
    case "page-mkclean":
      return machine.pageMkclean(page);
    case "shrink":
      return machine.memory.token.by(machine.spaceOf(operation.by), () =>
        machine.shrinkPage(page, false),
      );
    case "page-in-vma": {
      const vma = machine.processes[operation.other]?.space.at(Math.floor(operation.within / PAGE));
      if (vma === undefined) return "not asked";
      const address = addressInVma(page, vma);
      return inVma(address === null ? null : address * PAGE, mappedInVma(page, vma));
    }
    case "pin":
      machine.pin(page);
      return 0;
    case "unpin":
      machine.unpin(page);
      return 0;
    case "isolate":
      return machine.isolate(page) ? 1 : 0;
    case "putback":
      machine.putback(page);
      return 0;
    case "release-buffers":
      return page.releaseBuffers() ? 1 : 0;
    case "test-clear-referenced":
      return machine.takeMark(page, "touched") ? 1 : 0;
    case "test-clear-changed":
      return machine.takeMark(page, "changed") ? 1 : 0;
    case "split":
      return machine.split(page) ? 1 : 0;
    case "poison":
      machine.poison(page);
      return 0;
    case "memory-failure": {
      const { result, told } = machine.memoryFailure(page, operation.early);
      return `${result} ${told.map(({ pid }) => pid).join(" ")}`;
    }
  }
}

/** The pages of a range, each once. */
function shown(
  process: ModelProcess,
  { address, length }: { readonly address: number; readonly length: number },
): Page[] {
  const pages = new Set<Page>();
  for (let at = address; at < address + length; at += PAGE) {
    const page = process.pageAt(at);
    if (page !== null) pages.add(page);
  }
  return [...pages];
}
