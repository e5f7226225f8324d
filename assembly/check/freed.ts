// Nobody writes to what was freed: checked builds poison it.

import { Cache, slabWrittenAfterFree } from "../memory/slab";
import { Violated } from "../violated";
import { violated } from "./violation";

export function checkFreed(): void {
  for (let cache: i32 = 1; cache < Cache.Count; cache++) {
    const written = slabWrittenAfterFree(<Cache>cache);
    if (written) violated(Violated.Freed, <f64>cache, <f64>written);
  }
}
