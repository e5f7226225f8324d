// A walk of the reverse map as it went, from the events that the core has recorded of it.

import { type UnmapResult } from "../../assembly/abi/result.js";
import {
  type EntryFound,
  EntryTouch,
  type Offer,
  type WalkAct,
  WalkKind,
} from "../../assembly/abi/walk.js";
import type { Doing, LockClass } from "../../assembly/locks.js";
import { actions, lockNames, type LockName } from "../core/lock-words.js";
import type { KernelEvent } from "./kernel-event.js";
import type { LockCount } from "./lock-counters.js";
import { unmapped, type Unmapped } from "./unmap.js";
import {
  deeds,
  type FoundEntry,
  founds,
  offers,
  type VmaOffer,
  type WalkDeed,
  type WalkName,
  walkNames,
} from "./walk-words.js";

/** One thing that happened in a walk. */
export type WalkStep =
  | {
      readonly step: "node";
      /** Address space of the node's VMA: Process.mm. */
      readonly mm: number;
      /** The VMA, in bytes, and the node's key, in pages. */
      readonly start: number;
      readonly end: number;
      readonly first: number;
      readonly last: number;
    }
  /** The index handed the VMA of the last node to the walk; address of the page in it, if it is considered. */
  | { readonly step: "vma"; readonly offer: VmaOffer; readonly address: number | null }
  /** Pages [start, end) of a nonlinear VMA, in bytes, are gone through, whatever they show. */
  | {
      readonly step: "cluster";
      readonly mm: number;
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly step: "entry";
      readonly address: number;
      readonly found: FoundEntry;
      readonly young: boolean;
      readonly dirty: boolean;
      readonly writable: boolean;
    }
  /** At the last entry. */
  | { readonly step: "did"; readonly deed: WalkDeed }
  /** Taken, or with "busy" tried in vain; `object` is equal for equal locks. */
  | {
      readonly step: "lock" | "busy";
      readonly lock: LockName;
      readonly object: number;
      readonly purpose: string;
    }
  | {
      readonly step: "unlock";
      readonly lock: LockName;
      readonly object: number;
      readonly held: number;
    };

/** One walk of the reverse map, as it went. */
export interface WalkTrace {
  readonly walk: WalkName;
  /** The page when the walk began; inode 0 for those that belong to no file. */
  readonly frame: number;
  readonly kind: "anon" | "file" | "ksm";
  readonly index: number;
  readonly inode: number;
  readonly mapcount: number;
  readonly steps: readonly WalkStep[];
  /** What it returned; null if its end was not recorded. */
  readonly result: number | Unmapped | null;
  readonly cost: WalkCost;
}

/** What a walk cost, as kernel.counters and kernel.lockCounters count it. */
export interface WalkCost {
  readonly nodesVisited: number;
  readonly nodesTouched: number;
  readonly irrelevantVmas: number;
  readonly entriesChecked: number;
  /** Steps from its beginning to its end. */
  readonly steps: number;
  /** Locks that it took, by name. */
  readonly locks: Readonly<Partial<Record<LockName, LockCount>>>;
}

/** Clocks of actors are words. */
const CLOCK = 2 ** 32;
/** Walks that return what became of the page. */
const UNMAPS = [WalkKind.Unmap, WalkKind.UnmapToMigrate, WalkKind.Munlock];

/** One walk as its events come in. */
class WalkReader {
  readonly #steps: WalkStep[] = [];
  readonly #locks: Partial<Record<LockName, LockCount>> = {};
  readonly #begun: KernelEvent;
  #page: KernelEvent | undefined;
  #node: KernelEvent | undefined;
  #end: KernelEvent | undefined;
  #visited = 0;
  #touched = 0;
  #irrelevant = 0;
  #entries = 0;

  constructor(begun: KernelEvent) {
    this.#begun = begun;
  }

  read(event: KernelEvent): void {
    const { a, b, c } = event;
    switch (event.event) {
      case "WalkPage":
        this.#page = event;
        break;
      case "WalkNode":
        this.#node = event;
        break;
      case "WalkVma":
        this.#add({ step: "node", mm: this.#node?.a ?? 0, start: a, end: b, ...this.#key() });
        break;
      case "WalkOffer": {
        const offer = offers[b as Offer];
        this.#add({ step: "vma", offer, address: offer === "considered" ? a : null });
        break;
      }
      case "WalkCluster":
        this.#add({ step: "cluster", mm: a, start: b, end: c });
        break;
      case "WalkEntry":
        this.#entries++;
        this.#add({ step: "entry", address: a, found: founds[b as EntryFound], ...touch(c) });
        break;
      case "WalkDid":
        this.#add({ step: "did", deed: deeds[a as WalkAct] });
        break;
      case "LockTaken":
      case "LockBusy": {
        const step = event.event === "LockTaken" ? "lock" : "busy";
        const lock = lockNames[a as LockClass];
        this.#add({ step, lock, object: b, purpose: actions[c as Doing] });
        break;
      }
      case "LockLeft":
        this.#add({ step: "unlock", lock: lockNames[a as LockClass], object: b, held: c });
        this.#count(lockNames[a as LockClass], c);
        break;
      case "WalkCost":
        this.#visited += a;
        this.#touched += b;
        this.#irrelevant += c;
        break;
      case "WalkEnd":
        this.#end = event;
        break;
      default:
      // What else happens inside a walk has events of its own.
    }
  }

  get trace(): WalkTrace {
    const { a: frame, b: kind, c: index } = this.#begun;
    const { a: mapcount = 0, b: owner = 0 } = this.#page ?? {};
    return {
      walk: walkNames[kind as WalkKind],
      frame,
      kind: owner === 0 ? "anon" : owner < 0 ? "ksm" : "file",
      index,
      inode: Math.max(owner, 0),
      mapcount,
      steps: this.#steps,
      result: this.#result(kind),
      cost: this.#cost(),
    };
  }

  #add(step: WalkStep): void {
    this.#steps.push(step);
  }

  #key(): { first: number; last: number } {
    return { first: this.#node?.b ?? 0, last: this.#node?.c ?? 0 };
  }

  #count(name: LockName, held: number): void {
    const { taken, steps, longest } = this.#locks[name] ?? { taken: 0, steps: 0, longest: 0 };
    this.#locks[name] = {
      taken: taken + 1,
      steps: steps + held,
      longest: Math.max(longest, held),
    };
  }

  #result(kind: WalkKind): WalkTrace["result"] {
    if (this.#end === undefined) return null;
    const { a: result } = this.#end;
    return UNMAPS.includes(kind) ? unmapped[result as UnmapResult] : result;
  }

  #cost(): WalkCost {
    const began = this.#page?.c ?? 0;
    const ended = this.#end?.c ?? began;
    return {
      nodesVisited: this.#visited,
      nodesTouched: this.#touched,
      irrelevantVmas: this.#irrelevant,
      entriesChecked: this.#entries,
      steps: (ended - began + CLOCK) % CLOCK,
      locks: this.#locks,
    };
  }
}

function touch(bits: number): { young: boolean; dirty: boolean; writable: boolean } {
  return {
    young: (bits & EntryTouch.Young) !== 0,
    dirty: (bits & EntryTouch.Dirty) !== 0,
    writable: (bits & EntryTouch.Writable) !== 0,
  };
}

/**
 * The walks in what takeEvents() gave, in the order in which they began. They are recorded after
 * `recordEvents(true, { walks: true })`.
 */
export function walksIn(events: readonly KernelEvent[]): WalkTrace[] {
  const walks: WalkReader[] = [];
  const open = new Map<number, WalkReader>();
  for (const event of events) {
    const actor = event.actor ?? 0;
    if (event.event === "WalkBegin") {
      const walk = new WalkReader(event);
      walks.push(walk);
      open.set(actor, walk);
    }
    open.get(actor)?.read(event);
    if (event.event === "WalkEnd") open.delete(actor);
  }
  return walks.map(({ trace }) => trace);
}
