// Faults are counted for the machine, and for the memcg of whoever takes them.

import { VmStat } from "../abi/counter";
import { vmStat } from "../memory/header";
import { memcgAt } from "../struct/memcg";
import { isMemcgEnabled } from "../struct/memcg-charge";
import { MmStruct } from "../struct/mm-struct";

export function countFault(mm: MmStruct): void {
  vmStat(VmStat.PgFault, 1);
  if (isMemcgEnabled()) memcgAt(mm.memcg).pgfault++;
}

export function countMajorFault(mm: MmStruct): void {
  vmStat(VmStat.PgMajFault, 1);
  if (isMemcgEnabled()) memcgAt(mm.memcg).pgmajfault++;
}
