// What the pool of huge pages and its promises get wrong.

import { Violated } from "../../../assembly/violated.js";
import { file, place, times, type Wordings } from "./words.js";

export const hugePoolWordings = {
  [Violated.HugePages]: (counter, found) =>
    `the pool counts ${times(counter, "huge page")}, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.HugePagesFree]: (counter, found, listed) =>
    `the pool counts ${times(counter, "free huge page")}, nobody holds ${found}, and its list has ${listed}`,
  [Violated.HugePagesReserved]: (counter, found) =>
    `the pool counts ${times(counter, "promised huge page")}, mappings were promised ${found}`,
  [Violated.Reservation]: (inode, pid, start) =>
    `a promise of huge pages${inode ? ` of ${file(inode)}` : ""}, at ${place(pid, start)}, counts other VMAs than share it`,
  [Violated.Regions]: (inode) => `the regions of ${file(inode)} in huge pages are no list in order`,
  [Violated.HugeBroken]: (frame, head) =>
    `of the huge page of the pool at frame ${head} frame ${frame} is broken, or the rest is`,
  [Violated.HugeBrokenFree]: (frame) =>
    `the huge page of the pool at frame ${frame} is free, though it is broken`,
} satisfies Wordings;
