// The swap token, up to v3.4, as page_referenced asks for it. Who holds it is decided in mm/thrash.ts.
//
// While its holder is inside a fault, whoever else asks for one of its pages is told that it was touched: what the
// fault brings in shall not push out what the process has. No lock is held for either question.

import { SwapToken } from "../abi/switch";
import { WalkAct } from "../abi/walk";
import { currentMm } from "../memory/current";
import { Header, header } from "../memory/header";
import { mmapSem, MmStruct } from "../struct/mm-struct";
import { traceDid } from "../struct/walk-trace";
import { rwsemIsLocked } from "../sync/lock";
import { sharedAccess } from "../sync/yield-point";

/** Is there a token at all? Asked once a walk. */
export function hasSwapTokens(): bool {
  return header().swapToken == <u32>SwapToken.On;
}

/** has_swap_token. */
export function hasSwapToken(mm: MmStruct): bool {
  sharedAccess(changetype<usize>(header()) + offsetof<Header>("swapTokenMm"));
  return header().swapTokenMm == <u32>changetype<usize>(mm);
}

/** Does an entry of this address space count as one reference more? Asked without the page-table lock. */
export function pretendsReferenced(mm: MmStruct): bool {
  if (<u32>changetype<usize>(mm) == currentMm() || !hasSwapToken(mm)) return false;
  sharedAccess(mmapSem(mm));
  if (!rwsemIsLocked(mmapSem(mm))) return false;
  if (CHECKED) traceDid(WalkAct.TokenCounted);
  return true;
}
