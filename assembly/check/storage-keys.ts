// Storage keys, where there are any: what is free has none.

import { hasStorageKeys, pageStorageKey } from "../arch/storage-key";
import { header } from "../memory/header";
import { pageRefcount, pageTail } from "../struct/page";
import { Violated } from "../violated";
import { census } from "./census";
import { violated } from "./violation";

function isInUse(frame: u32): bool {
  if (!frame || frame > census().frameTop) return false;
  return pageRefcount(frame) > 0 || pageTail(frame);
}

/** After the frames. */
export function checkStorageKeys(): void {
  if (!hasStorageKeys()) return;
  for (let frame: u32 = 0; frame <= header().frames; frame++) {
    const key = pageStorageKey(frame);
    if (key && !isInUse(frame)) violated(Violated.FreeKey, <f64>frame, <f64>key);
  }
}
