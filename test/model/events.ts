import type { AddressSpace } from "./address-space.js";

/** What happened, by the names that /proc/vmstat has for it. */
export interface Events {
  pgactivate: number;
  pgdeactivate: number;
  pgmajfault: number;
  pgrefill: number;
  pgscan_kswapd: number;
  pgscan_direct: number;
  pgsteal_kswapd: number;
  pgsteal_direct: number;
  pswpin: number;
  pswpout: number;
  pgrotated: number;
  pgmigrate_success: number;
  pgmigrate_fail: number;
  unevictable_pgs_culled: number;
  unevictable_pgs_rescued: number;
  unevictable_pgs_mlocked: number;
  unevictable_pgs_munlocked: number;
  unevictable_pgs_cleared: number;
  unevictable_pgs_stranded: number;
  unevictable_pgs_mlockfreed: number;
  thp_fault_alloc: number;
  thp_fault_fallback: number;
  thp_collapse_alloc: number;
  thp_collapse_alloc_failed: number;
  thp_split: number;
}

export function noEvents(): Events {
  return {
    pgactivate: 0,
    pgdeactivate: 0,
    pgmajfault: 0,
    pgrefill: 0,
    pgscan_kswapd: 0,
    pgscan_direct: 0,
    pgsteal_kswapd: 0,
    pgsteal_direct: 0,
    pswpin: 0,
    pswpout: 0,
    pgrotated: 0,
    pgmigrate_success: 0,
    pgmigrate_fail: 0,
    unevictable_pgs_culled: 0,
    unevictable_pgs_rescued: 0,
    unevictable_pgs_mlocked: 0,
    unevictable_pgs_munlocked: 0,
    unevictable_pgs_cleared: 0,
    unevictable_pgs_stranded: 0,
    unevictable_pgs_mlockfreed: 0,
    thp_fault_alloc: 0,
    thp_fault_fallback: 0,
    thp_collapse_alloc: 0,
    thp_collapse_alloc_failed: 0,
    thp_split: 0,
  };
}

/** A fault for which something had to be read. */
export function countMajorFault({ memory, cgroup }: AddressSpace): void {
  memory.events.pgmajfault++;
  if (memory.cgroups.counting) cgroup.pgmajfault++;
}
