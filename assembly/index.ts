// The exports, and nothing else. Only numbers cross: handles, addresses and counts as f64, scratch
// addresses and small numbers as u32 or i32.

export { submit } from "./mm/dispatch";
export { kernelInit } from "./mm/kernel";
export { setSwitch } from "./memory/header";
export {
  countersReset,
  entriesOf,
  entryCount,
  eventsAt,
  eventsClear,
  eventsKept,
  eventsRecord,
  eventsRecorded,
  fileField,
  fileMake,
  fileRelease,
  fileReopen,
  locksAreCounted,
  mappingsOf,
  memoryInUse,
  pageAtAddress,
  pageField,
  pageHandle,
  pageInVma,
  peakMapCount,
  peakVmaCount,
  stabPage,
  taskField,
  taskList,
  vmaAt,
  vmaCount,
  vmasOf,
  walkPage,
  walksTrace,
} from "./mm/query";
export { entryAtAddress } from "./mm/entry-query";
export { devicePagesOf, notifierField, notifiersOf } from "./mm/notifier-query";
export {
  benchPageReferenced,
  benchRmapWalk,
  benchStab,
  benchTryToUnmap,
  samplePrepare,
  sampleReserve,
} from "./mm/sample";
export { verify } from "./check/verify";
export { actorStack, setActor } from "./sync/actor";
export { heldLocks } from "./sync/lock";
export { memcgField, memcgRoot } from "./mm/memcg-field";
export { ksmField, swapAreaField, swapTokenField, vmStat, zoneStat } from "./mm/statistics";
