import type { Entry } from "../model/address-space.js";
import type { Page } from "../model/page.js";
import { anyCgroup } from "./cgroup-choice.js";
import type { Draws } from "./draws.js";
import { anybody } from "./machine-choice.js";
import type { MappingChoice } from "./mapping-choice.js";
import type { ModelSide } from "./model-side.js";
import { PAGE, type Operation, type PageOperation } from "./operation.js";

interface Place {
  readonly process: number;
  readonly address: number;
}

type OnPages = Exclude<PageOperation["op"], "page-in-vma"> | "swap-out" | "migrate";

const FEW_PAGES = [1, 1, 1, 2, 4, 16];

/** Chooses pages to work on, by a place where they are mapped. */
export class PageChoice {
  private lastReferenced: Place | null = null;

  constructor(private readonly model: ModelSide) {}

  /** The operation, or null where no page is fit for it. */
  operation(op: OnPages, process: number, draws: Draws, choose: MappingChoice): Operation | null {
    const place = { process, address: this.present(process, draws) ?? choose.touched() };
    switch (op) {
      case "page-referenced": {
        this.lastReferenced = place;
        const cgroup = draws.chance(1, 8) ? anyCgroup(draws, this.model.machine) : null;
        return { op, ...place, cgroup, by: anybody(draws, this.model.machine) };
      }
      case "try-to-unmap": {
        const ignored = {
          ignoreAccess: draws.chance(1, 3),
          ignoreMlock: draws.chance(1, 8),
          ignoreHwpoison: draws.chance(1, 2),
        };
        // A page whose marks were just cleared can be unmapped.
        const last = this.lastReferenced;
        const again = last !== null && this.stillThere(last) && draws.chance(3, 4);
        return { op, ...(again ? last : place), ...ignored };
      }
      case "swap-out":
      case "migrate": {
        const address = place.address - (place.address % PAGE);
        return { op, process, address, length: draws.pick(FEW_PAGES) * PAGE };
      }
      case "shrink":
        return { op, ...place, by: anybody(draws, this.model.machine) };
      case "split":
        // Where there is one, mostly.
        return draws.chance(1, 4)
          ? { op, ...place }
          : this.where(op, process, draws, ({ whole }) => whole.parts !== null);
      case "memory-failure":
        return { op, ...place, early: draws.chance(1, 2) };
      case "unpin":
        return this.where(op, process, draws, ({ pins }) => pins > 0);
      case "putback":
        return this.where(op, process, draws, (page) => {
          return page.pins > 0 && !page.lists.holds(page);
        });
      case "test-clear-changed":
        // A change of which nobody else knows would be lost.
        return this.where(op, process, draws, (page) => {
          return page.dirty || (page.slot === null && page.inode?.accountsDirtyPages !== false);
        });
      default:
        return { op, ...place };
    }
  }

  /** A page of one process and a VMA of another, or of the same one: mostly the VMA at the page's own address. */
  inVma(process: number, other: number, draws: Draws, choose: MappingChoice): Operation {
    const address = this.present(process, draws) ?? choose.touched();
    const vmas = this.model.processes[other]?.space.vmas ?? [];
    const within = draws.chance(1, 3) ? choose.touched(vmas) : address;
    return { op: "page-in-vma", process, address, other, within };
  }

  private where(
    op: "unpin" | "putback" | "test-clear-changed" | "split",
    process: number,
    draws: Draws,
    fits: (page: Page) => boolean,
  ): Operation | null {
    const address = this.present(process, draws, fits);
    return address === null ? null : { op, process, address };
  }

  /** An address where a page is that fits, if there is any. */
  private present(
    process: number,
    draws: Draws,
    fits: (page: Page) => boolean = () => true,
  ): number | null {
    const entries = this.model.processes[process]?.space.entries ?? new Map<number, Entry>();
    const pages = [...entries].filter(
      ([, entry]) => "page" in entry && entry.page !== null && fits(entry.page),
    );
    const page = pages[draws.below(pages.length)]?.[0];
    return page === undefined ? null : page * PAGE;
  }

  private stillThere({ process, address }: Place): boolean {
    const found = this.model.processes[process];
    return found?.alive === true && found.pageAt(address) !== null;
  }
}
