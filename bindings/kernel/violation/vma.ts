// What the VMAs of an address space get wrong.

import { Violated } from "../../../assembly/violated.js";
import { hex, place, space, vma, type Wordings } from "./words.js";

export const vmaWordings = {
  [Violated.VmaLink]: (pid, start) =>
    `the list of VMAs of ${space(pid)} has links that do not agree, at ` +
    (start ? hex(start) : "its head"),
  [Violated.VmaBounds]: (pid, start, end) =>
    `${vma(pid, start)} ends at ${hex(end)}: its bounds are empty, not page-aligned, or too high`,
  [Violated.VmaOrder]: (pid, start, end) =>
    `${vma(pid, start)} begins before the end, ${hex(end)}, of the one before it`,
  [Violated.VmaTree]: (pid, start) =>
    `list and tree of the VMAs of ${space(pid)} differ from ${hex(start)} on`,
  [Violated.VmaLost]: (pid, start) =>
    `a VMA at ${place(pid, start)} is in the list of no address space`,
  [Violated.VmaCache]: (pid) =>
    `the VMA that ${space(pid)} remembers as the last one found is not one of its own`,
} satisfies Wordings;
