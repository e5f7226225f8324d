// What a script does to the whole machine, its groups, devices and files.

import { addressOf } from "./arena.js";
import { type Cast, doneBy, SKIPPED } from "./cast.js";
import type {
  CgroupOperation,
  DumpOperation,
  FileOperation,
  LimitOperation,
  MemcgOperation,
  OfDeviceOperation,
  OfFileOperation,
  Operation,
  ProcessOperation,
  SpawnOperation,
} from "./operation.js";

/** Page i of the k-th file starts with FIRST_WORD + k * WORDS_PER_FILE + i. */
const FIRST_WORD = 1_000_000_000;
const WORDS_PER_FILE = 1_000_000;

type OfProcess = Exclude<ProcessOperation, SpawnOperation>;

/** @returns the operation's result @throws KernelError: see the calls of Kernel */
export function onMachine(
  cast: Cast,
  operation: Exclude<Operation, DumpOperation | OfProcess>,
): number | string {
  const { kernel } = cast;
  switch (operation.op) {
    case "file":
      return createFile(cast, operation);
    case "spawn":
      return spawn(cast, operation);
    case "memcg":
    case "limit":
    case "empty":
    case "rmdir":
      return onCgroup(cast, operation);
    case "ksm":
      kernel.ksm.settle();
      return 0;
    case "reclaim": {
      const by = doneBy(cast, operation.by);
      if (by === undefined) return SKIPPED;
      return kernel.reclaim(operation.count, { background: operation.background, ...by });
    }
    case "hugepages":
      return kernel.setHugePages(operation.count);
    case "io":
      kernel.holdIo(operation.hold);
      return 0;
    case "swapon":
      return kernel.swapon(operation.count, { priority: operation.priority });
    case "swapoff":
      kernel.swapoff(operation.area);
      return 0;
    case "device-read":
    case "device-write":
    case "unregister":
      return onDevice(cast, operation);
    default:
      return onFile(cast, operation);
  }
}

function spawn(cast: Cast, { process, cgroup: name }: SpawnOperation): number | string {
  const cgroup = cast.cgroup(name);
  if (cgroup === undefined) return SKIPPED;
  cast.add(process, null, cast.kernel.spawn({ cgroup }));
  return 0;
}

function createFile(cast: Cast, { file: name, pages, kind }: FileOperation): number {
  const word = FIRST_WORD + cast.filesMade++ * WORDS_PER_FILE;
  // Huge pages start as zero, as there is no way to write a file of them but to map it.
  const contents = kind === "hugetlb" ? {} : { word };
  cast.files.set(name, cast.kernel.createFile({ name, pages, kind, ...contents }));
  return 0;
}

function onCgroup(
  cast: Cast,
  operation: MemcgOperation | LimitOperation | CgroupOperation,
): number | string {
  if (operation.op === "memcg") {
    const parent = cast.cgroup(operation.parent);
    if (parent === undefined) return SKIPPED;
    const { cgroup: name, hierarchy } = operation;
    const options = hierarchy ? { parent, hierarchy } : { parent };
    cast.cgroups.set(name, cast.kernel.createCgroup(name, options));
    return 0;
  }
  const cgroup = cast.cgroup(operation.cgroup);
  if (cgroup === undefined) return SKIPPED;
  if (operation.op === "limit") cgroup.setLimit(operation.pages);
  else if (operation.op === "empty") cgroup.forceEmpty();
  else cgroup.remove();
  return 0;
}

function onDevice({ devices }: Cast, operation: OfDeviceOperation): number | string {
  const notifier = devices.get(operation.device)?.notifier;
  if (!notifier?.registered) return SKIPPED;
  switch (operation.op) {
    case "device-read":
      return notifier.read(addressOf(operation.page));
    case "device-write":
      notifier.write(addressOf(operation.page), operation.value);
      return 0;
    case "unregister":
      notifier.unregister();
      return 0;
  }
}

function onFile(
  { files }: Cast,
  operation: Exclude<OfFileOperation, FileOperation>,
): number | string {
  const file = files.get(operation.file);
  if (file === undefined) return SKIPPED;
  switch (operation.op) {
    case "truncate":
      file.truncate(operation.pages);
      return 0;
    case "file-read":
      return file.read(operation.pgoff);
    case "file-write":
      file.write(operation.pgoff, operation.value);
      return 0;
    case "writeback":
      return file.writeback();
    case "punch":
      file.punchHole(operation.pgoff, operation.count);
      return 0;
    case "invalidate":
      return file.invalidate(operation.pgoff, operation.count, operation.how);
  }
}
