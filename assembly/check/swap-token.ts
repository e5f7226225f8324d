// The swap token: at most one address space has it, which is in use; and processes that are held inside a fault.

import { SwapToken } from "../abi/switch";
import { header } from "../memory/header";
import { Cache, slabNext } from "../memory/slab";
import { MmStruct } from "../struct/mm-struct";
import { Task } from "../struct/task";
import { Violated } from "../violated";
import { isLive, mmNote, pidOfMm } from "./census";
import { violated } from "./violation";

/** Without the switch nothing of it is ever touched. */
function isUntouched(): bool {
  const state = header();
  return !state.swapTokenMm && !state.globalFaults && !state.lastAging;
}

function checkHolder(): void {
  const state = header();
  const holder = state.swapTokenMm;
  if (!holder) {
    if (state.swapTokenMemcg) violated(Violated.SwapTokenHolder, 0);
  } else if (!isLive(Cache.Mm, holder)) {
    violated(Violated.SwapTokenHolder, -1);
  } else {
    const mm = changetype<MmStruct>(<usize>holder);
    // It gives the token up when it changes its memcg.
    if (!mm.users || mm.memcg != state.swapTokenMemcg) {
      violated(Violated.SwapTokenHolder, pidOfMm(mm));
    }
  }
  if (state.swapToken != <u32>SwapToken.On && !isUntouched()) violated(Violated.SwapTokenUnused);
  if (state.swapTokenLock) violated(Violated.LocksHeld, 0, 1);
}

function checkHeld(): void {
  let held: u32 = 0;
  for (let at = slabNext(Cache.Task, 0); at; at = slabNext(Cache.Task, at)) {
    const task = changetype<Task>(at);
    if (!task.held) continue;
    held++;
    if (isLive(Cache.Mm, task.mm)) mmNote(task.mm).held++;
  }
  if (header().tasksHeld != held) {
    violated(Violated.TasksHeld, 0, <f64>header().tasksHeld, <f64>held);
  }
  for (let at = slabNext(Cache.Mm, 0); at; at = slabNext(Cache.Mm, at)) {
    const mm = changetype<MmStruct>(at);
    const found = mmNote(<u32>at).held;
    if (mm.heldReaders != found) {
      violated(Violated.TasksHeld, pidOfMm(mm), <f64>mm.heldReaders, <f64>found);
    }
  }
}

export function checkSwapToken(): void {
  checkHolder();
  checkHeld();
}
