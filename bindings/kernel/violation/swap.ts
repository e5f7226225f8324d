// What swap and the swap token get wrong.

import { Violated } from "../../../assembly/violated.js";
import { space, times, type Wordings } from "./words.js";

export const swapWordings = {
  [Violated.SwapInUse]: (counter, found) =>
    `swap in use is counted as ${counter}, there ${found === 1 ? "is" : "are"} ${times(found, "slot")}`,
  [Violated.SwapCount]: (frame, counter, entries) =>
    `the swap slot of page ${frame} counts ${counter}, ` +
    `${times(entries, "swap entry refers", "swap entries refer")} to it`,
  [Violated.SwapCache]: (frame) =>
    frame
      ? `page ${frame} and a swap slot do not agree on whether it is in the swap cache`
      : "a swap slot holds no page",
  [Violated.SwapArea]: (area, counter, found, size) =>
    `swap area ${area} of ${times(size, "page")} counts ${counter} in use, it has ` +
    times(found, "slot"),
  [Violated.SwapContinuation]: (frame, count) =>
    `a swap slot with a count of ${count} has ${frame ? `frame ${frame}` : "no frame"} for what it ` +
    "has no room for",
  [Violated.SwapLimit]: (counter, found) =>
    `swap counts ${times(counter, "page")} in all, its areas have ${found}`,
  [Violated.MmList]: (pid) =>
    `${space(pid)} has swap entries, but is not where swapoff looks for them`,
  [Violated.SwapTokenHolder]: (pid) =>
    pid < 0
      ? "the swap token is held by an address space that is gone"
      : pid
        ? `${space(pid)} has the swap token, but nobody runs in it, or it is in another cgroup than it was`
        : "nobody has the swap token, but the cgroup of its holder is known",
  [Violated.SwapTokenUnused]: () => "there is no swap token, but somebody has had it",
} satisfies Wordings;
