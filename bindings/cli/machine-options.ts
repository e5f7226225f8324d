// What the commands that run scripts say about their machines: releases, switches, sizes.

import { Option } from "commander";
import { KernelError } from "../core/kernel-error.js";
import { createKernel } from "../kernel/create-kernel.js";
import type { Kernel } from "../kernel/kernel.js";
import {
  arches,
  hugePagePolicies,
  MAX_FRAMES,
  MAX_SWAP,
  UNLIMITED,
  type Arch,
  type HugePagePolicy,
  type KernelOptions,
} from "../kernel/options.js";
import { releases, switches } from "../kernel/releases.js";
import { quoted } from "../scenario/line-error.js";
import { machineFor } from "../scenario/machine-size.js";
import type { Script } from "../scenario/script.js";
import { InputError } from "./failure.js";
import { numberOption } from "./whole-number.js";

/** Builds that run scripts. */
export const scriptBuilds = ["release", "checked"] as const;
export type ScriptBuild = (typeof scriptBuilds)[number];

/** Switches as they were given: names and values exist, and each name is there once. */
export type Assignments = Readonly<Record<string, string>>;

/** What a machine is made with, whichever kernel runs on it. */
export interface MachineFlags {
  readonly arch?: Arch;
  readonly frames?: number;
  readonly swap?: number;
  readonly memlock?: number;
  readonly thp?: HugePagePolicy;
}

/** One kernel. */
export interface KernelFlags {
  readonly release: string;
  readonly set?: Assignments;
  readonly build: ScriptBuild;
}

/** An option that names a release. */
export function releaseOption(flags: string, what: string): Option {
  const [name = ""] = flags.split(" ");
  return new Option(flags, `${what}${list(releases)}`).argParser(oneOf(name, releases));
}

/** An option that sets a switch, and may be given again for another. */
export function setOption(flags: string, what = `one switch, repeatable: ${switchList()}`): Option {
  const [name = ""] = flags.split(" ");
  return new Option(flags, what).argParser(switchSetter(name));
}

/** An option that chooses a build. */
export function buildOption(byDefault: string): Option {
  const what = `${list(scriptBuilds)} (with assertions); default: ${byDefault}`;
  return new Option("--build <build>", what).argParser(oneOf("--build", scriptBuilds));
}

/** Options for MachineFlags. */
export function machineOptions(): Option[] {
  return [
    new Option(
      "--arch <machine>",
      `one of ${list(arches)}; default: x86-64, unless the script says s390`,
    ).argParser(oneOf("--arch", arches)),
    new Option(
      "--frames <number>",
      "page frames of the machine; default: enough for the script",
    ).argParser(numberOption("--frames", 1, MAX_FRAMES)),
    new Option(
      "--swap <pages>",
      "size of swap area 0, 0 for none; default: as many as frames",
    ).argParser(numberOption("--swap", 0, MAX_SWAP)),
    new Option("--memlock <pages>", "pages that a process may lock; default: no limit").argParser(
      numberOption("--memlock", 0, UNLIMITED),
    ),
    new Option(
      "--thp <where>",
      `where faults make huge pages, one of ${list(hugePagePolicies)}; default: madvise`,
    ).argParser(oneOf("--thp", hugePagePolicies)),
  ];
}

/**
 * A kernel for a script.
 *
 * @param option what messages call switches that exclude each other
 * @throws InputError for what the script or the switches do not allow
 */
export async function newKernel(
  script: Script,
  machine: MachineFlags,
  { release, set, build }: KernelFlags,
  option = "--set",
): Promise<Kernel> {
  const { frames, swap, memlock, thp, arch } = machine;
  if (arch === "x86-64" && script.arch === "s390x") {
    throw new InputError(`--arch ${arch}: ${script.name} says s390; accepted: s390x`);
  }
  // Names and values were checked against the lists that the kernel itself gives.
  const options = {
    release,
    ...set,
    build,
    ...machineFor(script, { frames, thp }),
    ...(arch === undefined ? {} : { arch }),
    ...(swap === undefined ? {} : { swap }),
    ...(memlock === undefined ? {} : { memlock }),
    ...(thp === undefined ? {} : { transparentHugepage: thp }),
  } as KernelOptions;
  try {
    return await createKernel(options);
  } catch (error) {
    // Values that are good one by one can exclude each other.
    throw error instanceof KernelError ? new InputError(`${option}: ${error.detail}`) : error;
  }
}

/** "rmaplab v3.7 anonIndex=list": how a dump names its kernel. */
export function kernelName(release: string, set: Assignments | undefined, arch: Arch): string {
  const machine = arch === "x86-64" ? {} : { arch };
  const overrides = Object.entries({ ...set, ...machine }).map(
    ([name, value]) => `${name}=${value}`,
  );
  return ["rmaplab", release, ...overrides.sort()].join(" ");
}

function oneOf(option: string, accepted: readonly string[]): (value: string) => string {
  return (value) => {
    if (accepted.includes(value)) return value;
    throw new InputError(`${option}: unknown ${quoted(value)}; accepted: ${list(accepted)}`);
  };
}

function switchSetter(option: string) {
  return (assignment: string, earlier: Assignments = {}): Assignments => {
    const [name = "", value = ""] = assignment.split(/=(.*)/s);
    const values = new Map<string, readonly string[]>(Object.entries(switches)).get(name);
    if (values === undefined) {
      throw new InputError(`${option}: unknown switch ${quoted(name)}; accepted: ${switchList()}`);
    }
    if (!values.includes(value)) {
      throw new InputError(
        `${option}: unknown value ${quoted(value)} of ${name}; accepted: ${list(values)}`,
      );
    }
    if (Object.hasOwn(earlier, name)) {
      throw new InputError(`${option}: ${name} is given twice; a switch is set once`);
    }
    return { ...earlier, [name]: value };
  };
}

function switchList(): string {
  return Object.entries(switches)
    .map(([name, values]) => `${name}=${values.join("|")}`)
    .join(", ");
}

function list(values: readonly string[]): string {
  return values.join(", ");
}
