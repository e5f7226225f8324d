// A kernel is made: slabs, page arrays, switches.

import { Arch } from "../abi/machine";
import { Errno } from "../abi/result";
import { storageKeysInit } from "../arch/storage-key";
import { heapAlloc } from "../memory/heap";
import { header, resetCounters } from "../memory/header";
import { Cache, slabInit } from "../memory/slab";
import { AddressSpace, File } from "../struct/address-space";
import { AnonVma, CHAIN_BYTES, CHECKED_CHAIN_BYTES } from "../struct/anon-vma";
import { MmStruct } from "../struct/mm-struct";
import { PTE_MARKS } from "../struct/pte";
import { DevicePage, MmuNotifier } from "../struct/mmu-notifier";
import { pagesInit } from "../struct/page";
import { CACHE_NODE_BYTES } from "../struct/page-cache";
import { MmSlot, RmapItem, StableNode } from "../struct/ksm";
import { Region } from "../struct/region";
import { Reservation } from "../struct/reservation";
import { memcgAlloc, memcgBytes } from "../struct/memcg";
import { swapAreaAdd, SwapSlot } from "../struct/swap-slot";
import { Extent } from "./file-data";
import { Task } from "../struct/task";
import { Vma } from "../struct/vma";

function rounded(size: u32): u32 {
  return (size + 7) & ~7;
}

/**
 * Sets the kernel up in a fresh instance. Called once, after the switches were set.
 * @param frames page frames, at least 1
 * @param memlockLimit pages that an address space may lock
 * @param stackLimit pages that a stack may have
 * @param transparentHugepage one of TransparentHugepage
 * @param memoryLimit bytes of linear memory it may use
 * @param arch an Arch
 * @returns 0, or ENOMEM
 */
export function kernelInit(
  frames: u32,
  memoryLimit: f64,
  maxMapCount: u32,
  swapLimit: u32,
  memlockLimit: u32,
  arch: u32,
  stackLimit: u32,
  transparentHugepage: u32,
): i32 {
  const state = header();
  state.bytesInUse = (<u32>__heap_base + 4095) & ~4095;
  state.memoryLimit = <u32>memoryLimit;
  state.maxMapCount = maxMapCount;
  state.memlockLimit = memlockLimit;
  state.stackLimit = stackLimit;
  state.transparentHugepage = transparentHugepage;
  state.entryBits = arch == <u32>Arch.S390x ? ~PTE_MARKS : u64.MAX_VALUE;
  resetCounters();
  slabInit(Cache.Task, rounded(offsetof<Task>()), false);
  slabInit(Cache.Mm, rounded(offsetof<MmStruct>()), false);
  slabInit(Cache.Vma, rounded(offsetof<Vma>()), false);
  slabInit(Cache.AnonVma, rounded(offsetof<AnonVma>()), true);
  slabInit(Cache.Chain, CHECKED ? CHECKED_CHAIN_BYTES : CHAIN_BYTES, false);
  slabInit(Cache.AddressSpace, rounded(offsetof<AddressSpace>()), false);
  slabInit(Cache.File, rounded(offsetof<File>()), false);
  slabInit(Cache.CacheNode, CACHE_NODE_BYTES, false);
  slabInit(Cache.SwapSlot, rounded(offsetof<SwapSlot>()), false);
  slabInit(Cache.Memcg, rounded(memcgBytes()), false);
  slabInit(Cache.StableNode, rounded(offsetof<StableNode>()), false);
  slabInit(Cache.RmapItem, rounded(offsetof<RmapItem>()), false);
  slabInit(Cache.MmSlot, rounded(offsetof<MmSlot>()), false);
  slabInit(Cache.Notifier, rounded(offsetof<MmuNotifier>()), false);
  slabInit(Cache.DevicePage, rounded(offsetof<DevicePage>()), false);
  slabInit(Cache.Extent, rounded(offsetof<Extent>()), false);
  slabInit(Cache.Region, rounded(offsetof<Region>()), false);
  slabInit(Cache.Reservation, rounded(offsetof<Reservation>()), false);
  // Constant data may reach beyond a small limit: then there is no room for a kernel at all.
  if (!heapAlloc(0) || !pagesInit(frames) || !memcgAlloc(0)) return Errno.ENOMEM;
  if (arch == <u32>Arch.S390x && !storageKeysInit(frames)) return Errno.ENOMEM;
  if (swapLimit) swapAreaAdd(swapLimit, -1);
  return 0;
}
