import { LruList, VmStat } from "../../assembly/abi/counter.js";
import type { Core } from "../core/core.js";

/** Numbers that change as things happen, by the names they have in /proc/vmstat. */
const counted = {
  nr_mlock: VmStat.NrMlock,
  nr_dirty: VmStat.NrDirty,
  nr_writeback: VmStat.NrWriteback,
  pgactivate: VmStat.PgActivate,
  pgdeactivate: VmStat.PgDeactivate,
  pgfault: VmStat.PgFault,
  pgmajfault: VmStat.PgMajFault,
  pgrefill: VmStat.PgRefill,
  pgscan_kswapd: VmStat.PgScanKswapd,
  pgscan_direct: VmStat.PgScanDirect,
  pgsteal_kswapd: VmStat.PgStealKswapd,
  pgsteal_direct: VmStat.PgStealDirect,
  pswpin: VmStat.PswpIn,
  pswpout: VmStat.PswpOut,
  pgrotated: VmStat.PgRotated,
  pgmigrate_success: VmStat.PgMigrateSuccess,
  pgmigrate_fail: VmStat.PgMigrateFail,
  unevictable_pgs_culled: VmStat.UnevictablePgsCulled,
  unevictable_pgs_rescued: VmStat.UnevictablePgsRescued,
  unevictable_pgs_mlocked: VmStat.UnevictablePgsMlocked,
  unevictable_pgs_munlocked: VmStat.UnevictablePgsMunlocked,
  unevictable_pgs_cleared: VmStat.UnevictablePgsCleared,
  unevictable_pgs_stranded: VmStat.UnevictablePgsStranded,
  unevictable_pgs_mlockfreed: VmStat.UnevictablePgsMlockfreed,
  thp_fault_alloc: VmStat.ThpFaultAlloc,
  thp_fault_fallback: VmStat.ThpFaultFallback,
  thp_collapse_alloc: VmStat.ThpCollapseAlloc,
  thp_collapse_alloc_failed: VmStat.ThpCollapseAllocFailed,
  thp_split: VmStat.ThpSplit,
} as const;

/** Numbers that are looked up: see zoneStat in the core. */
const present = {
  nr_anon_pages: 0,
  nr_mapped: 1,
  nr_inactive_anon: 2 + LruList.InactiveAnon,
  nr_active_anon: 2 + LruList.ActiveAnon,
  nr_inactive_file: 2 + LruList.InactiveFile,
  nr_active_file: 2 + LruList.ActiveFile,
  nr_unevictable: 2 + LruList.Unevictable,
  nr_file_pages: 7,
  nr_free_pages: 8,
  nr_anon_transparent_hugepages: 9,
} as const;

/** What /proc/vmstat shows, in pages and events; nr_file_pages has the swap cache's as well. */
export type VmStatistics = Readonly<Record<keyof typeof counted | keyof typeof present, number>>;

export function readVmStat(core: Core): VmStatistics {
  const events = Object.entries(counted).map(([name, stat]) => [name, core.vmStat(stat)]);
  const states = Object.entries(present).map(([name, which]) => [name, core.zoneStat(which)]);
  return Object.fromEntries([...states, ...events]) as VmStatistics;
}
