// What mmu notifiers and the tables of their clients get wrong.

import { Violated } from "../../../assembly/violated.js";
import { place, space, times, type Wordings } from "./words.js";

const frameOrZero = (frame: number): string => (frame ? `page ${frame}` : "the zero page");

export const notifierWordings = {
  [Violated.NotifierLink]: (pid) =>
    `the list of mmu notifiers of ${space(pid)} has links that do not agree`,
  [Violated.NotifierLost]: (pid) => `an mmu notifier of ${space(pid)} is in no list`,
  [Violated.NotifierRange]: (pid, begun, ranges) =>
    `an mmu notifier of ${space(pid)} waits for the end of ${times(begun, "range")}, ` +
    `and counts ${ranges} itself`,
  [Violated.NotifierArguments]: (pid) =>
    `an mmu notifier of ${space(pid)} was told of other ends of ranges than of starts`,
  [Violated.DevicePage]: (pid, address, frame, there) =>
    `an mmu notifier shows ${frameOrZero(frame)} at ${place(pid, address)}, where the page table ` +
    (there < 0 ? "has nothing" : `has ${frameOrZero(there)}`),
  [Violated.DeviceWritable]: (pid, address, frame) =>
    `an mmu notifier may write to page ${frame} at ${place(pid, address)}, which the page table protects`,
  [Violated.DeviceFreed]: (pid, address, frame) =>
    `an mmu notifier shows page ${frame} at ${place(pid, address)}, which was freed`,
  [Violated.DeviceTable]: (pid, counter, found) =>
    `the table of an mmu notifier of ${space(pid)} ` +
    (found < 0 ? "is out of order" : `counts ${times(counter, "page")}, it has ${found}`),
  [Violated.Srcu]: (sections) =>
    `${times(sections, "read section")} of SRCU ${sections === 1 ? "has" : "have"} not ended`,
} satisfies Wordings;
