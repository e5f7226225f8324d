import type { Batch, Page } from "../../bindings/index.js";
import { CollapseResult, MigrateResult, PageFate, UnmapResult } from "../../assembly/abi/result.js";
import { mmapOptions, mremapOptions } from "./core-options.js";
import type { CoreSide } from "./core-side.js";
import type {
  DeviceOperation,
  FileOperation,
  Operation,
  Outcome,
  ProcessOperation,
} from "./operation.js";

/** What a number that the batch gives stands for. */
export type Reading = (result: number) => Outcome;

const nothing: Reading = () => 0;
const value: Reading = (result) => result;

/** Adds an operation to a batch; null where batches have no such thing. */
export function addTo(batch: Batch, operation: Operation, side: CoreSide): Reading | null {
  if ("process" in operation) return ofProcess(batch, operation, side);
  if ("pgoff" in operation || operation.op === "truncate" || operation.op === "writeback") {
    return ofFile(batch, operation, side);
  }
  if ("device" in operation) return ofDevice(batch, operation, side);
  switch (operation.op) {
    case "ksm-scan":
      batch.ksmScan();
      return value;
    case "khugepaged":
      batch.khugepagedScan();
      return value;
    case "take-referenced":
      batch.takeReferenced();
      return nothing;
    default:
      return null;
  }
}

function ofDevice(batch: Batch, operation: DeviceOperation, side: CoreSide): Reading {
  const device = side.device(operation.device);
  switch (operation.op) {
    case "device-detach":
      batch.unregisterNotifier(device);
      return nothing;
    case "device-read":
      batch.deviceRead(device, operation.address);
      return value;
    case "device-write":
      batch.deviceWrite(device, operation.address, operation.word);
      return nothing;
  }
}

function ofFile(batch: Batch, operation: FileOperation, side: CoreSide): Reading | null {
  const file = side.file(operation.file);
  switch (operation.op) {
    case "truncate":
      batch.truncate(file, operation.pages);
      return nothing;
    case "punch":
      batch.punchHole(file, operation.pgoff, operation.pages);
      return nothing;
    case "file-read":
      batch.fileRead(file, operation.pgoff);
      return value;
    case "file-write":
      batch.fileWrite(file, operation.pgoff, operation.word);
      return nothing;
    case "writeback":
      batch.writeback(file);
      return value;
    case "invalidate":
      return null;
  }
}

function ofProcess(batch: Batch, operation: ProcessOperation, side: CoreSide): Reading | null {
  const process = side.process(operation.process);
  switch (operation.op) {
    case "mmap":
      batch.mmap(
        process,
        mmapOptions(operation, (number) => side.file(number)),
      );
      return value;
    case "munmap":
      batch.munmap(process, operation.address, operation.length);
      return nothing;
    case "mprotect":
      batch.mprotect(process, operation.address, operation.length, operation.prot);
      return nothing;
    case "mremap": {
      const { address, length, newLength } = operation;
      batch.mremap(process, address, length, newLength, mremapOptions(operation));
      return value;
    }
    case "madvise":
      batch.madvise(process, operation.address, operation.length, operation.advice);
      return nothing;
    case "mlock":
      batch.mlock(process, operation.address, operation.length);
      return nothing;
    case "munlock":
      batch.munlock(process, operation.address, operation.length);
      return nothing;
    case "remap": {
      const { address, length, pgoff, nonBlock } = operation;
      batch.remapFilePages(process, address, length, pgoff, { nonBlock });
      return nothing;
    }
    case "brk":
      batch.brk(process, operation.address);
      return value;
    case "exec": {
      const { brk, stack } = operation;
      batch.exec(process, { brk, ...(stack === null ? {} : { stack }) });
      return nothing;
    }
    case "exit":
      batch.exit(process);
      return nothing;
    case "hold":
      batch.hold(process);
      return nothing;
    case "let-go":
      batch.letGo(process);
      return nothing;
    case "collapse":
      batch.collapse(process, operation.address);
      return (result) => COLLAPSED[result as CollapseResult];
    case "read":
      batch.read(process, operation.address);
      return value;
    case "write":
      batch.write(process, operation.address, operation.word);
      return nothing;
    case "execute":
      batch.execute(process, operation.address);
      return nothing;
    default:
      return null;
  }
}

/** Adds an operation on a page; null where batches have no such thing. */
export function addOnPage(batch: Batch, operation: Operation, page: Page): Reading | null {
  switch (operation.op) {
    case "page-referenced":
      if (operation.cgroup !== null) return null;
      batch.pageReferenced(page);
      return value;
    case "try-to-unmap":
      batch.tryToUnmap(page, {
        ignoreAccess: operation.ignoreAccess,
        ignoreMlock: operation.ignoreMlock,
        ignoreHwpoison: operation.ignoreHwpoison,
      });
      return (result) => UNMAPPED[result as UnmapResult];
    case "page-mkclean":
      batch.pageMkclean(page);
      return value;
    case "test-clear-referenced":
      batch.testAndClearReferenced(page);
      return value;
    case "test-clear-changed":
      batch.testAndClearChanged(page);
      return value;
    case "shrink":
      batch.shrinkPage(page);
      return (result) => FATES[result as PageFate];
    case "migrate":
      batch.migratePage(page);
      return (result) => MIGRATIONS[result as MigrateResult];
    default:
      return null;
  }
}

const UNMAPPED: Readonly<Record<UnmapResult, string>> = {
  [UnmapResult.Success]: "success",
  [UnmapResult.Again]: "again",
  [UnmapResult.Fail]: "fail",
  [UnmapResult.Mlock]: "mlock",
};

const COLLAPSED: Readonly<Record<CollapseResult, string>> = {
  [CollapseResult.Collapsed]: "collapsed",
  [CollapseResult.NotEligible]: "not-eligible",
  [CollapseResult.NothingThere]: "nothing-there",
  [CollapseResult.Unsuitable]: "unsuitable",
  [CollapseResult.Idle]: "idle",
  [CollapseResult.NoMemory]: "no-memory",
};

const FATES: Readonly<Record<PageFate, string>> = {
  [PageFate.Reclaimed]: "reclaimed",
  [PageFate.Kept]: "kept",
  [PageFate.Activated]: "activated",
  [PageFate.Culled]: "culled",
  [PageFate.NotIsolated]: "not-isolated",
};

const MIGRATIONS: Readonly<Record<MigrateResult, string>> = {
  [MigrateResult.Moved]: "moved",
  [MigrateResult.Busy]: "busy",
  [MigrateResult.Refused]: "refused",
  [MigrateResult.NoMemory]: "no-memory",
};
