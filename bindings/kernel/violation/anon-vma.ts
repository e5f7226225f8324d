// What anon_vmas and the chains of VMAs get wrong.

import { Violated } from "../../../assembly/violated.js";
import { anonVma, times, vma, type Wordings } from "./words.js";

export const anonVmaWordings = {
  [Violated.AnonVmaRefcount]: (number, refcount, hasVmas, children, pins) =>
    `${anonVma(number)} has a refcount of ${refcount}, but ${hasVmas ? "VMAs" : "no VMAs"}` +
    (pins ? `, ${times(pins, "place")} of KSM that pin it` : "") +
    ` and ${times(children, "child", "children")}`,
  [Violated.AnonVmaRoot]: (number) =>
    `the root of ${anonVma(number)} is gone, or is not a root itself`,
  [Violated.AnonVmaActive]: (number, counter, recount) =>
    `${anonVma(number)} counts ${times(counter, "VMA")} whose own it is, but there ${recount === 1 ? "is" : "are"} ${recount}`,
  [Violated.AnonVmaChildren]: (number, counter, recount) =>
    `${anonVma(number)} counts ${times(counter, "child", "children")} in use, but there ${recount === 1 ? "is" : "are"} ${recount}`,
  [Violated.AnonVmaParent]: (number) => `the parent of ${anonVma(number)} is gone`,
  [Violated.ChainRoot]: (pid, start, number) =>
    `${anonVma(number)}, in the chain of ${vma(pid, start)}, has another root than the one before it`,
  [Violated.ChainOrder]: (pid, start, number, newer) =>
    `in the chain of ${vma(pid, start)} ${anonVma(newer)} comes after ${anonVma(number)}, though ` +
    "it is newer",
  [Violated.ChainLink]: (pid, start) => `links in the chain of ${vma(pid, start)} do not agree`,
  [Violated.ChainGone]: (pid, start) =>
    `the chain of ${vma(pid, start)} leads to a link or an anon_vma that is gone`,
  [Violated.ChainNewest]: (pid, start, own, newest) =>
    `${vma(pid, start)} has ${anonVma(own)}, but the newest in its chain is ${anonVma(newest)}`,
  [Violated.ChainOwn]: (pid, start, own) =>
    `${vma(pid, start)} has ${anonVma(own)}, which is not in its chain`,
  [Violated.ChainLost]: (number, pid, start) =>
    `a link of ${anonVma(number)} to ${vma(pid, start)} is not in that VMA's chain`,
} satisfies Wordings;
