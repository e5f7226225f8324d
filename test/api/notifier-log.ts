// A client with every callback that writes down what it is told, in pages of the ground.

import type { ClientModel, MmuNotifier, Process } from "../../bindings/index.js";
import { at, PAGE } from "./ground.js";

/** Page of the ground that an address is in. */
function page(address: number): number {
  return (address - at(0)) / PAGE;
}

/** What a client was told since it was last asked, as "start 0-4", "page 2", "change 1 ro"... */
export class NotifierLog {
  readonly notifier: MmuNotifier;
  /** What it says when it is asked about a page: pages that its device used. */
  readonly used = new Set<number>();
  #lines: string[] = [];

  constructor(process: Process, prefix = "") {
    const say = (line: string): void => void this.#lines.push(prefix + line);
    this.notifier = process.registerNotifier({
      invalidatePage: (address) => say(`page ${page(address)}`),
      invalidateRangeStart: (start, end) => say(`start ${page(start)}-${page(end)}`),
      invalidateRangeEnd: (start, end) => say(`end ${page(start)}-${page(end)}`),
      clearFlushYoung: (address) => {
        say(`young ${page(address)}`);
        return this.used.delete(page(address));
      },
      testYoung: (address) => this.used.has(page(address)),
      changePte: (address, { writable }) =>
        say(`change ${page(address)} ${writable ? "rw" : "ro"}`),
      release: () => say("release"),
    });
  }

  take(): string[] {
    return this.#lines.splice(0);
  }
}

/** A model client of a process. */
export function client(process: Process, model: ClientModel): MmuNotifier {
  return process.registerNotifier({ model });
}

/** What a model client shows, as "page:rw" and "page:ro", with a star if it was used. */
export function shown(notifier: MmuNotifier): string[] {
  return notifier
    .pages()
    .map(
      ({ address, writable, young }) =>
        `${page(address)}:${writable ? "rw" : "ro"}${young ? "*" : ""}`,
    );
}
