import { Unmap } from "../../assembly/abi/argument.js";
import { UnmapResult } from "../../assembly/abi/result.js";
import { checkOptions, word, type OptionTypes } from "./argument.js";

/** What tryToUnmap found. */
export type Unmapped = "success" | "again" | "fail" | "mlock";

/** What a result of try_to_unmap in the core is called. */
export const unmapped: Readonly<Record<UnmapResult, Unmapped>> = {
  [UnmapResult.Success]: "success",
  [UnmapResult.Again]: "again",
  [UnmapResult.Fail]: "fail",
  [UnmapResult.Mlock]: "mlock",
};

/** What tryToUnmap is to do and to overlook. */
export interface UnmapOptions {
  /** "munlock": take nothing away, only mlock the page if a locked VMA maps it. Default "unmap". */
  readonly action?: "unmap" | "munlock";
  /** Unmap from locked VMAs too. */
  readonly ignoreMlock?: boolean;
  /** Unmap what was touched too. */
  readonly ignoreAccess?: boolean;
  /** Leave no marker where the page is poisoned. */
  readonly ignoreHwpoison?: boolean;
}

const unmapOptions: OptionTypes<UnmapOptions> = {
  action: "any",
  ignoreMlock: "flag",
  ignoreAccess: "flag",
  ignoreHwpoison: "flag",
};

const actions = ["unmap", "munlock"] as const;

/** The options as an operation's argument. @throws KernelError EINVAL */
export function unmapBits(options: UnmapOptions): number {
  checkOptions("tryToUnmap", options, unmapOptions);
  if (options.action !== undefined) word("tryToUnmap", "action", options.action, actions);
  let how: number = options.action === "munlock" ? Unmap.Munlock : Unmap.Unmap;
  if (options.ignoreMlock) how |= Unmap.IgnoreMlock;
  if (options.ignoreAccess) how |= Unmap.IgnoreAccess;
  if (options.ignoreHwpoison) how |= Unmap.IgnoreHwpoison;
  return how;
}
