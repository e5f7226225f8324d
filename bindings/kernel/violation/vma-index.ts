// What the structures in which VMAs are found by page get wrong.

import { IndexOwner, Violated } from "../../../assembly/violated.js";
import { anonVma, file, space, vma, type Wording, type Wordings } from "./words.js";

/** "the file index of inode 3", "the VMA tree of process 1"... */
function index(owner: IndexOwner, name: number): string {
  switch (owner) {
    case IndexOwner.Mm:
      return `the VMA tree of ${space(name)}`;
    case IndexOwner.AnonVma:
      return `the index of ${anonVma(name)}`;
    case IndexOwner.File:
      return `the file index of ${file(name)}`;
    case IndexOwner.Nonlinear:
      return `the list of nonlinear VMAs of ${file(name)}`;
  }
}

/** A fault of an index, which comes with the VMA that it shows at. */
const inIndex =
  (fault: string): Wording =>
  (owner, name, pid, start) =>
    `${index(owner, name)} ${fault}, at ${vma(pid, start)}`;

export const indexWordings = {
  [Violated.TreeLink]: inIndex(
    "has a link that leads to no node, or to one that does not link back",
  ),
  [Violated.TreeColour]: inIndex("has a red root, or a red node below a red one"),
  [Violated.TreeHeight]: inIndex("is out of balance: another number of black nodes"),
  [Violated.TreeOrder]: inIndex("is out of order"),
  [Violated.TreeMaximum]: inIndex("has a wrong largest pgoff for a subtree"),
  [Violated.TreeHeap]: inIndex("has a VMA above one that reaches further"),
  [Violated.TreeTurn]: inIndex("turns by a wrong bit"),
  [Violated.RingLink]: inIndex("has a ring with links that do not agree"),
  [Violated.RingRange]: inIndex("has a ring of VMAs that show different pages"),
  [Violated.Unindexed]: (owner, name, pid, start) =>
    `${index(owner, name)} lacks ${vma(pid, start)}`,
  [Violated.Stray]: (owner, name, pid, start) =>
    `${index(owner, name)} holds ${vma(pid, start)}, which does not belong there`,
  [Violated.StaleKey]: (number, pid, start) =>
    `${vma(pid, start)} has other bounds than those it is in the index of ${anonVma(number)} with`,
  [Violated.ListLink]: (number, pid, start) =>
    `the list of ${anonVma(number)} has links that do not agree, at ` +
    (pid || start ? vma(pid, start) : "its end"),
  [Violated.NonlinearLink]: (inode, pid, start) =>
    `the list of nonlinear VMAs of ${file(inode)} has links that do not agree, at ` +
    (pid || start ? vma(pid, start) : "its head"),
  [Violated.NonlinearCursor]: (pid, start, cursor) =>
    `${vma(pid, start)} has been unmapped up to ${cursor} bytes, which is no whole number of clusters`,
} satisfies Wordings;
