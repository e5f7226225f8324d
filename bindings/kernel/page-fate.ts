import { PageFate } from "../../assembly/abi/result.js";
import type { OptionTypes } from "./argument.js";
import type { Process } from "./process.js";

/** Options of shrinkPage. */
export interface ShrinkOptions {
  /** Whatever was touched goes too. */
  readonly force?: boolean;
  /** Who reclaims, as its allocation does. Default: none of the processes, as if it were kswapd. */
  readonly process?: Process;
}

/** @internal */
export const shrinkOptions: OptionTypes<ShrinkOptions> = { force: "flag", process: "any" };

/** What became of a page that reclaim looked at. */
export type Fate = "reclaimed" | "kept" | "activated" | "culled" | "not-isolated";

/** What a page's fate in the core is called. */
export const fates: Readonly<Record<PageFate, Fate>> = {
  [PageFate.Reclaimed]: "reclaimed",
  [PageFate.Kept]: "kept",
  [PageFate.Activated]: "activated",
  [PageFate.Culled]: "culled",
  [PageFate.NotIsolated]: "not-isolated",
};
