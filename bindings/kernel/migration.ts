import { MigrateResult } from "../../assembly/abi/result.js";
import type { Context } from "./context.js";
import type { Page } from "./page.js";

/** What migration came to: `page` is the one that took the old one's place. */
export type Migration =
  | { readonly result: "moved"; readonly page: Page }
  | { readonly result: "busy" | "refused" | "no-memory"; readonly page: null };

const unmoved: Readonly<
  Record<Exclude<MigrateResult, MigrateResult.Moved>, "busy" | "refused" | "no-memory">
> = {
  [MigrateResult.Busy]: "busy",
  [MigrateResult.Refused]: "refused",
  [MigrateResult.NoMemory]: "no-memory",
};

/** Reads what the last migration came to. */
export function readMigration(context: Context, result: MigrateResult): Migration {
  if (result !== MigrateResult.Moved) return { result: unmoved[result], page: null };
  return { result: "moved", page: context.pageOf(context.machine.extra(0)) };
}
