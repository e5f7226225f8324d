/** The Linux v3.7 reverse map as a library. Start with createKernel(). */
export { compileCore, type Build, type YieldPoint } from "./core/core.js";
export { KernelError } from "./core/kernel-error.js";
export { Batch } from "./kernel/batch.js";
export type { Counters } from "./kernel/counters.js";
export type { Collapse } from "./kernel/collapse.js";
export { createKernel, createKernelSync } from "./kernel/create-kernel.js";
export { File, type Kind } from "./kernel/file.js";
export type { FileOptions } from "./kernel/file-options.js";
export type { KernelEvent, RecordOptions } from "./kernel/kernel-event.js";
export type { HugePages } from "./kernel/huge-pages.js";
export { Kernel, type Snapshot } from "./kernel/kernel.js";
export { Ksm } from "./kernel/ksm.js";
export type { BackgroundOptions, CgroupOptions } from "./kernel/cgroup-options.js";
export type { LruCounts } from "./kernel/lru-counts.js";
export { MemoryCgroup } from "./kernel/memory-cgroup.js";
export type { ForkOptions } from "./kernel/life-call.js";
export type { MemoryStat } from "./kernel/memory-stat.js";
export type { ThresholdCallback } from "./kernel/threshold.js";
export {
  MmuNotifier,
  type ClientModel,
  type DevicePage,
  type NotifierOptions,
  type UserPage,
} from "./kernel/mmu-notifier.js";
export type { ChangedEntry, MmuNotifierCallbacks } from "./kernel/mmu-notifier-callbacks.js";
export type { ReclaimOptions } from "./kernel/reclaim.js";
export type { Migration } from "./kernel/migration.js";
export type { Fate, ShrinkOptions } from "./kernel/page-fate.js";
export type { ReferencedOptions } from "./kernel/referenced-options.js";
export { ReverseMap } from "./kernel/reverse-map.js";
export type { Unmapped, UnmapOptions } from "./kernel/unmap.js";
export type { SpawnOptions } from "./kernel/spawn.js";
export type { StorageKey } from "./kernel/storage-key.js";
export { StorageKeys, type FrameRange } from "./kernel/storage-keys.js";
export type { SwapToken, TokenState } from "./kernel/swap-token.js";
export type { SwapArea, SwapOptions } from "./kernel/swap-area.js";
export type { VmStatistics } from "./kernel/vm-statistics.js";
export type { LockCount, LockCounters } from "./kernel/lock-counters.js";
export type { HeldLock } from "./kernel/held-locks.js";
export type { LockName } from "./core/lock-words.js";
export {
  DEFAULT_HEAP,
  DEFAULT_STACK_TOP,
  type Advice,
  type ExecOptions,
  type MmapOptions,
  type MremapOptions,
  type RemapOptions,
  type StackOptions,
} from "./kernel/operation.js";
export {
  arches,
  type Arch,
  type HugePagePolicy,
  type KernelOptions,
  type ResolvedOptions,
} from "./kernel/options.js";
export type {
  FailedKind,
  Failure,
  FailureOptions,
  FailureResult,
  PendingSignal,
} from "./kernel/memory-failure.js";
export type { LockAllOptions } from "./kernel/mlock-call.js";
export { Page, type Mapping } from "./kernel/page.js";
export { Process } from "./kernel/process.js";
export type { EntryState, FileEntry, PageEntry, Rss, SwapEntry } from "./kernel/process-state.js";
export type { Prot } from "./kernel/prot.js";
export {
  presets,
  releases,
  switches,
  switchNames,
  type Release,
  type SwitchName,
  type Switches,
} from "./kernel/releases.js";
export { Actor, Scheduler, type Moment, type Stop } from "./scenario/scheduler.js";
export { walksIn, type WalkCost, type WalkStep, type WalkTrace } from "./kernel/walk-trace.js";
export type { FoundEntry, VmaOffer, WalkDeed, WalkName } from "./kernel/walk-words.js";
export type { Violation } from "./kernel/violation.js";
export type { Vma } from "./kernel/vma.js";
export { labs } from "./labs/index.js";
export { runLab, type LabOptions } from "./labs/runner.js";
export type { KernelState } from "./labs/history.js";
export type { Lab, Observables, Scenario, Sight } from "./labs/lab.js";
export type {
  Disappointment,
  FirstDifference,
  LabRun,
  LabSide,
  ScenarioRun,
  SideRun,
} from "./labs/lab-run.js";
export type { Picture } from "./labs/picture.js";
