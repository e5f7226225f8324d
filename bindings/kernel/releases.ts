import { IndexKind, MremapOrder, VmaAddress } from "../../assembly/abi/machine.js";
import { KernelError } from "../core/kernel-error.js";
import { word } from "./argument.js";

/** A switch for each commit, with its values from oldest to newest. */
export interface Switches {
  /** How an anon_vma finds its VMAs (bf181b9f9d8d). */
  readonly anonIndex: "list" | "interval-tree";
  /** How a file finds its VMAs (6b2dbba8b6ac). */
  readonly fileIndex: "interval-tree";
  /** Which locks mremap takes while it moves entries (108d6642ad81 and after). */
  readonly mremapOrder: "always-lock" | "lock-if-needed";
  /** Does a walk check that an address lies in the VMA it was handed, or assert it (86c2ad19956f)? */
  readonly vmaAddress: "checked" | "asserted";
}

/** The switches and what each accepts. */
export const switches: { readonly [S in keyof Switches]: readonly Switches[S][] } = {
  anonIndex: ["list", "interval-tree"],
  fileIndex: ["interval-tree"],
  mremapOrder: ["always-lock", "lock-if-needed"],
  vmaAddress: ["checked", "asserted"],
};

/** Presets: the state of all switches in a release. */
export const releases = ["v3.7"] as const;
export type Release = (typeof releases)[number];

const presets: Record<Release, Switches> = {
  "v3.7": {
    anonIndex: "interval-tree",
    fileIndex: "interval-tree",
    mremapOrder: "lock-if-needed",
    vmaAddress: "asserted",
  },
};

/** Pairs that no kernel could have: what the first relies on, the second does not give. */
const impossible: readonly (readonly [keyof Switches, string, keyof Switches, string])[] = [
  ["vmaAddress", "asserted", "anonIndex", "list"],
  ["mremapOrder", "lock-if-needed", "anonIndex", "list"],
];

/**
 * A preset with overrides. `anonIndex: "list"` alone implies what a list needs.
 *
 * @throws KernelError EINVAL for a release or value that does not exist, and for a pair that is
 *   impossible; the message names what is accepted, or both switches
 */
export function resolveSwitches(release: Release, overrides: Partial<Switches>): Switches {
  const preset = presets[word("createKernel", "release", release, releases)];
  for (const name of Object.keys(switches) as (keyof Switches)[]) {
    const value: string | undefined = overrides[name];
    if (value !== undefined) word("createKernel", name, value, switches[name]);
  }
  const forList: Partial<Switches> =
    overrides.anonIndex === "list" ? { vmaAddress: "checked", mremapOrder: "always-lock" } : {};
  const given = Object.fromEntries(
    Object.entries(overrides).filter(([, value]) => value !== undefined),
  );
  const resolved: Switches = { ...preset, ...forList, ...given };
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

/** The switches as the core's numbers. */
export function switchCodes(resolved: Switches) {
  return {
    anonIndex: resolved.anonIndex === "list" ? IndexKind.List : IndexKind.IntervalTree,
    fileIndex: IndexKind.IntervalTree,
    vmaAddress: resolved.vmaAddress === "checked" ? VmaAddress.Checked : VmaAddress.Asserted,
    mremapOrder:
      resolved.mremapOrder === "always-lock" ? MremapOrder.AlwaysLock : MremapOrder.LockIfNeeded,
  };
}
