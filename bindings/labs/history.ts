// The ten commits in the order in which they came, so that each lab compares the kernel just before its commit with the
// one at it: a pair that differs in one switch.

import {
  presets,
  releases,
  resolveSwitches,
  switchNames,
  type Release,
  type SwitchName,
  type Switches,
} from "../kernel/releases.js";

/** One change of one switch. */
interface Change {
  readonly name: SwitchName;
  readonly value: string;
  /** The first preset that has it. */
  readonly release: Release;
  /** What brought it; null where it is none of the ten commits, nor their sequel. */
  readonly commit: string | null;
}

/** The sequel of 108d6642ad81 in the same release: not one of the ten. */
const LOCK_IF_NEEDED = "38a76013ad80";

const changes: readonly Change[] = [
  { name: "mremapOrder", value: "move-to-tail", release: "v3.3", commit: null },
  { name: "fileIndex", value: "prio-tree-3.4", release: "v3.4", commit: null },
  { name: "memcgStat", value: "move-lock", release: "v3.4", commit: "89c06bd52fb9" },
  { name: "memcgStat", value: "move-lock-fast", release: "v3.4", commit: null },
  { name: "swapToken", value: "off", release: "v3.5", commit: "e709ffd6169c" },
  { name: "fileIndex", value: "interval-tree", release: "v3.7-rc1", commit: "6b2dbba8b6ac" },
  { name: "mremapOrder", value: "always-lock", release: "v3.7-rc1", commit: "108d6642ad81" },
  { name: "anonIndex", value: "interval-tree", release: "v3.7-rc1", commit: "bf181b9f9d8d" },
  { name: "vmaAddress", value: "asserted", release: "v3.7-rc1", commit: "86c2ad19956f" },
  { name: "mremapOrder", value: "lock-if-needed", release: "v3.7-rc1", commit: LOCK_IF_NEEDED },
  { name: "pageEvictable", value: "page-only", release: "v3.7-rc1", commit: "39b5f29ac1f9" },
  { name: "clearMlock", value: "on-last-unmap", release: "v3.7-rc1", commit: "e6c509f85455" },
  { name: "notifierCalls", value: "outside-ptl", release: "v3.7-rc1", commit: "2ec74c3ef2d8" },
  {
    name: "storageKeyDirty",
    value: "non-accounting-only",
    release: "v3.7",
    commit: "ef5d437f71af",
  },
];

/** A kernel: a release, and where its switches are otherwise than there. */
export interface KernelState {
  readonly release: Release;
  readonly set: Partial<Switches>;
}

function asOverrides(release: Release, state: Switches): KernelState {
  const differing = switchNames.filter((name) => presets[release][name] !== state[name]);
  return { release, set: Object.fromEntries(differing.map((name) => [name, state[name]])) };
}

/** The last release before another that is this state; if none is, what it differs in from the one given. */
function asReleased(state: Switches, from: Release, before: Release): KernelState {
  const older = releases.slice(0, releases.indexOf(before)).reverse();
  const same = older.find((name) => switchNames.every((one) => presets[name][one] === state[one]));
  return asOverrides(same ?? from, state);
}

/**
 * The kernel just before a switch got a value, and the one that brought it.
 *
 * @throws RangeError for a value that no commit brought
 */
export function stateAround(
  name: SwitchName,
  value: string,
): { readonly before: KernelState; readonly after: KernelState } {
  let state: Switches = presets[releases[0] as Release];
  let from = releases[0] as Release;
  for (const change of changes) {
    const next = { ...state, [change.name]: change.value };
    if (change.name === name && change.value === value) {
      const before = asReleased(state, from, change.release);
      return { before, after: asOverrides(change.release, next) };
    }
    state = next;
    from = change.release;
  }
  throw new RangeError(`No commit set ${name} to ${value}.`);
}

/** A switch of the two kernels of a lab that is worth a word. */
export interface SwitchOfBoth {
  readonly name: SwitchName;
  readonly before: string;
  readonly after: string;
  /** What the release has that the second kernel is on the way to, if that is otherwise. */
  readonly released: string | null;
  /** The commit that brought that, if it is one of the ten or their sequel. */
  readonly later: string | null;
}

/** The switches in which two kernels differ, and then those that neither has as their release has it. */
export function switchesOfBoth(before: KernelState, after: KernelState): SwitchOfBoth[] {
  const a = resolveSwitches(before.release, before.set);
  const b = resolveSwitches(after.release, after.set);
  const released = presets[after.release];
  const rows = switchNames.map((name) => {
    const newer = b[name] === released[name] ? null : released[name];
    const later = changes.find((one) => one.name === name && one.value === newer)?.commit ?? null;
    return { name, before: a[name], after: b[name], released: newer, later };
  });
  return [
    ...rows.filter((row) => row.before !== row.after),
    ...rows.filter((row) => row.before === row.after && row.released !== null),
  ];
}
