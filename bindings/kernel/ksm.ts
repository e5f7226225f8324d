import { Op } from "../../assembly/abi/operation.js";
import type { Machine } from "../core/machine.js";
import { failed } from "./context.js";

/** KSM: pages with equal contents, in VMAs that were advised "mergeable", become one. */
export class Ksm {
  readonly #machine: Machine;

  /** Made by createKernel(): not for users. */
  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /**
   * One full scan: how many pages gave way to an equal one. A page joins one that is shared already at once,
   * and another that is not at the second scan that finds it unchanged.
   */
  scan(): number {
    return this.#machine.call(Op.KsmScan);
  }

  /** Scans until a scan changes nothing; how many pages gave way to an equal one. */
  settle(): number {
    let merged = 0;
    do merged += this.scan();
    while (this.changes > 0);
    return merged;
  }

  /**
   * Takes every merge apart, as 2 in /sys/kernel/mm/ksm/run does.
   *
   * @returns places that no longer share, with those that were written to or unmapped since the last scan
   * @throws KernelError ENOMEM, with the rest still merged
   */
  unmerge(): number {
    const result = this.#machine.call(Op.KsmUnmerge);
    if (result < 0) throw failed(result, "ksm.unmerge()");
    return result;
  }

  /** Pages that are shared. */
  get pagesShared(): number {
    return this.#machine.core.ksmField(0);
  }

  /** Places that show them, beside one of each: the pages saved. */
  get pagesSharing(): number {
    return this.#machine.core.ksmField(1);
  }

  /** What the last scan changed: merges, and pages whose contents were new to it. */
  get changes(): number {
    return this.#machine.core.ksmField(2);
  }
}
