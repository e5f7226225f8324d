import { KernelError } from "../core/kernel-error.js";
import { word } from "./argument.js";

/**
 * The switches and what each accepts, from the oldest value to the newest. The first ten are the ten commits; the
 * others are later repairs of what v3.7 does, which no preset has. Order and numbers are those of the core
 * (assembly/abi/switch.ts).
 */
export const switches = {
  /** How page statistics of a memcg and moves of charges are kept apart (89c06bd52fb9). */
  memcgStat: ["page-flag", "move-lock", "move-lock-fast"],
  /** The swap token (removed by e709ffd6169c). */
  swapToken: ["on", "off"],
  /** How a file finds its VMAs (6b2dbba8b6ac); prio-tree-3.4 has lost the pruning of right turns. */
  fileIndex: ["prio-tree", "prio-tree-3.4", "interval-tree"],
  /** What keeps walks from missing entries that mremap moves (108d6642ad81 and after). */
  mremapOrder: ["none", "move-to-tail", "always-lock", "lock-if-needed"],
  /** How an anon_vma finds its VMAs (bf181b9f9d8d). */
  anonIndex: ["list", "interval-tree"],
  /** Does a walk check that an address lies in the VMA it was handed, or assert it (86c2ad19956f)? */
  vmaAddress: ["checked", "asserted"],
  /** Does page_evictable look at a VMA, and mlock the page on the way (39b5f29ac1f9)? */
  pageEvictable: ["with-vma", "page-only"],
  /** When PG_mlocked of a page goes that nobody munlocked (e6c509f85455). */
  clearMlock: ["on-truncate", "on-last-unmap"],
  /** Are mmu notifiers told under the page-table lock (2ec74c3ef2d8)? */
  notifierCalls: ["under-ptl", "outside-ptl"],
  /** Whose changed storage keys dirty a page, on an s390x (ef5d437f71af). */
  storageKeyDirty: ["always", "non-accounting-only"],
  /** What mremap holds while it moves a whole huge entry: repaired in 2014. */
  hugeMove: ["ptl-only", "rmap-locks"],
  /** In which units walks ask for a page of the pool: repaired in 3.16. */
  hugetlbPgoff: ["huge-pages", "small-pages"],
  /** Is PG_mlocked lost when a page migrates: repaired in 2015. */
  migrationMlock: ["lost", "restored"],
  /** Which VMAs a walk for a page of KSM asks for: repaired in 2026; the shifted address is a repair that is wrong. */
  ksmWalk: ["all-vmas", "shifted-address", "exact-index"],
  /** May a fork's child use an anon_vma that few use: from 3.19. */
  anonVmaReuse: ["never", "low-degree"],
  /** How clients hear of one page that loses its entry: the callback for a page was removed in 4.14. */
  invalidatePage: ["after-unlock", "range"],
} as const;

/** Name of a switch. */
export type SwitchName = keyof typeof switches;

/** A value for each switch: see `switches`. */
export type Switches = { readonly [S in SwitchName]: (typeof switches)[S][number] };

/** Names of all switches, in the core's order. */
export const switchNames = Object.keys(switches) as SwitchName[];

const oldest: Switches = {
  memcgStat: "page-flag",
  swapToken: "on",
  fileIndex: "prio-tree",
  mremapOrder: "none",
  anonIndex: "list",
  vmaAddress: "checked",
  pageEvictable: "with-vma",
  clearMlock: "on-truncate",
  notifierCalls: "under-ptl",
  storageKeyDirty: "always",
  hugeMove: "ptl-only",
  hugetlbPgoff: "huge-pages",
  migrationMlock: "lost",
  ksmWalk: "all-vmas",
  anonVmaReuse: "never",
  invalidatePage: "after-unlock",
};

const v33: Switches = { ...oldest, mremapOrder: "move-to-tail" };
const v34: Switches = { ...v33, memcgStat: "move-lock-fast", fileIndex: "prio-tree-3.4" };
const v35: Switches = { ...v34, swapToken: "off" };
const v37rc1: Switches = {
  ...v35,
  fileIndex: "interval-tree",
  mremapOrder: "lock-if-needed",
  anonIndex: "interval-tree",
  vmaAddress: "asserted",
  pageEvictable: "page-only",
  clearMlock: "on-last-unmap",
  notifierCalls: "outside-ptl",
};

/** Presets, from the oldest: the state of all switches in a release. */
export const presets = {
  "v3.0": oldest,
  "v3.3": v33,
  "v3.4": v34,
  "v3.5": v35,
  "v3.6": v35,
  "v3.7-rc1": v37rc1,
  "v3.7": { ...v37rc1, storageKeyDirty: "non-accounting-only" },
} as const satisfies Readonly<Record<string, Switches>>;

/** Name of a preset. */
export type Release = keyof typeof presets;

/** Names of all presets, from the oldest. */
export const releases = Object.keys(presets) as Release[];

/** Pairs that no kernel could have: what the first relies on, the second does not give. */
const impossible: readonly (readonly [SwitchName, string, SwitchName, string])[] = [
  ["vmaAddress", "asserted", "anonIndex", "list"],
  ["mremapOrder", "lock-if-needed", "anonIndex", "list"],
  ["mremapOrder", "move-to-tail", "anonIndex", "interval-tree"],
  ["invalidatePage", "range", "notifierCalls", "under-ptl"],
];

/** For the options of a call: all switches, of which each is checked by itself. */
export const anySwitch = Object.fromEntries(switchNames.map((name) => [name, "any"])) as Record<
  SwitchName,
  "any"
>;

/** The switches among options, as far as they are given. */
export function switchesOf(options: Partial<Switches>): Partial<Switches> {
  return Object.fromEntries(
    switchNames
      .filter((name) => options[name] !== undefined)
      .map((name) => [name, options[name]] as const),
  );
}

/** What the other index of anon_vmas needs that the preset's does not: the state at the commit that changed it. */
function implied(preset: Switches, { anonIndex }: Partial<Switches>): Partial<Switches> {
  if (anonIndex === undefined || anonIndex === preset.anonIndex) return {};
  return { vmaAddress: "checked", mremapOrder: "always-lock" };
}

/**
 * A preset with overrides. `anonIndex` alone, where it is not the preset's, implies what goes with either index:
 * `vmaAddress: "checked"` and `mremapOrder: "always-lock"`.
 *
 * @throws KernelError EINVAL for a release or value that does not exist, and for a pair that is
 *   impossible; the message names what is accepted, or both switches
 */
export function resolveSwitches(release: Release, overrides: Partial<Switches>): Switches {
  const preset: Switches = presets[word("createKernel", "release", release, releases)];
  for (const name of switchNames) {
    const value: string | undefined = overrides[name];
    if (value !== undefined) word("createKernel", name, value, switches[name]);
  }
  const resolved: Switches = { ...preset, ...implied(preset, overrides), ...overrides };
  for (const [a, valueA, b, valueB] of impossible) {
    if (resolved[a] === valueA && resolved[b] === valueB) {
      throw new KernelError(
        "EINVAL",
        "createKernel",
        `${a} "${valueA}" is impossible with ${b} "${valueB}"`,
      );
    }
  }
  return resolved;
}

/** The switches as the core's numbers, in its order. */
export function switchCodes(resolved: Switches): number[] {
  return switchNames.map((name) => (switches[name] as readonly string[]).indexOf(resolved[name]));
}
