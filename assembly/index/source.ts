// One way to ask any index that a reverse-map walk may use, so that each walk is written once.

import { IndexKind } from "../abi";
import { header } from "../memory/header";
import { AddressSpace } from "../struct/address-space";
import { AnonVma } from "../struct/anon-vma";
import { anonIndexFirst, anonIndexNext } from "./anon-index";
import { fileIndexFirst, fileIndexNext } from "./file-index";

/** Where a walk gets its VMAs from: the first two are values of IndexKind. */
export enum Source {
  AnonList = 0,
  AnonTree = 1,
  File = 2,
}

/** The anonymous source of this kernel. A walk asks once, then the choice is a predictable branch. */
export function anonSource(): u32 {
  return header().anonIndex == <u32>IndexKind.List ? Source.AnonList : Source.AnonTree;
}

/** Step to the first node that owner (an AnonVma or AddressSpace) offers for [start, last]. */
export function sourceFirst(source: u32, owner: usize, start: u64, last: u64): u64 {
  if (source == <u32>Source.File) {
    return fileIndexFirst(changetype<AddressSpace>(owner), start, last);
  }
  return anonIndexFirst(source, changetype<AnonVma>(owner), start, last);
}

export function sourceNext(source: u32, node: u32, start: u64, last: u64): u64 {
  if (source == <u32>Source.File) return fileIndexNext(node, start, last);
  return anonIndexNext(source, node, start, last);
}
