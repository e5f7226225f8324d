// The ten commits in the order in which they came, so that each lab compares the kernel just before its commit with the
// one at it: a pair that differs in one switch.

import {
  presets,
  releases,
  switchNames,
  type Release,
  type SwitchName,
  type Switches,
} from "../kernel/releases.js";

/** One change of one switch. */
interface Change {
  readonly name: SwitchName;
  readonly value: string;
  /** The first release that has it. */
  readonly release: Release;
}

const changes: readonly Change[] = [
  { name: "mremapOrder", value: "move-to-tail", release: "v3.3" },
  { name: "fileIndex", value: "prio-tree-3.4", release: "v3.4" },
  { name: "memcgStat", value: "move-lock", release: "v3.4" },
  { name: "memcgStat", value: "move-lock-fast", release: "v3.4" },
  { name: "swapToken", value: "off", release: "v3.5" },
  { name: "fileIndex", value: "interval-tree", release: "v3.7-rc1" },
  { name: "mremapOrder", value: "always-lock", release: "v3.7-rc1" },
  { name: "anonIndex", value: "interval-tree", release: "v3.7-rc1" },
  { name: "vmaAddress", value: "asserted", release: "v3.7-rc1" },
  { name: "mremapOrder", value: "lock-if-needed", release: "v3.7-rc1" },
  { name: "pageEvictable", value: "page-only", release: "v3.7-rc1" },
  { name: "clearMlock", value: "on-last-unmap", release: "v3.7-rc1" },
  { name: "notifierCalls", value: "outside-ptl", release: "v3.7-rc1" },
  { name: "storageKeyDirty", value: "non-accounting-only", release: "v3.7" },
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
  let release = releases[0] as Release;
  for (const change of changes) {
    const next = { ...state, [change.name]: change.value };
    if (change.name === name && change.value === value) {
      return { before: asOverrides(release, state), after: asOverrides(change.release, next) };
    }
    state = next;
    release = change.release;
  }
  throw new RangeError(`No commit set ${name} to ${value}.`);
}
