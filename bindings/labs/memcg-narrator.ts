// What paths do to a page's statistics, step by step and in words.

import type { Actor } from "../scenario/scheduler.js";
import { type MemcgMeeting, MOVER } from "./memcg-meeting.js";

/** What a step may change. */
interface Seen {
  readonly mapcount: number;
  readonly owner: number;
  readonly from: number;
  readonly to: number;
  readonly locked: number;
}

/** Where the page's counts are, found out by watching a path once. */
export interface Places {
  readonly mapcount: number;
  readonly record: number;
}

function look({ page, kernel, mappedFile }: MemcgMeeting): Seen {
  const { locks } = kernel.lockCounters!;
  const locked = locks["move_lock"].taken + locks["move lock of a side record"].taken;
  return { mapcount: page.mapcount, owner: page.cgroup, ...mappedFile, locked };
}

/** Runs paths of a meeting, and notes what concerns the page's statistics, one line for each step that does. */
export class MemcgNarrator {
  readonly lines: string[] = [];
  /** Whoever has just read the owner asks next whether its charges are moved. */
  #asks = "";

  constructor(
    private readonly on: MemcgMeeting,
    private readonly places: Places,
  ) {}

  say(who: string, words: string): void {
    this.lines.push(`${who}  ${words}`);
  }

  /** Lets the path go so many steps, or to its end; false if it must wait. */
  run(path: Actor, steps = Infinity): boolean {
    for (let step = 0; step < steps && !path.done; step++) {
      this.#step(path);
      if (path.blocked) return false;
    }
    return true;
  }

  #step(path: Actor): void {
    const { stop } = path;
    const before = look(this.on);
    this.on.scheduler.step(path);
    const after = look(this.on);
    const words = this.#changes(before, after) ?? this.#question(path, stop);
    this.#asks = "";
    if (words === null) return;
    this.say(path.name, words);
    if (words === OWNER) this.#asks = path.name;
  }

  #changes(before: Seen, after: Seen): string | null {
    const changes = [
      change("map count", before.mapcount, after.mapcount),
      change("mapped_file of from", before.from, after.from),
      change("mapped_file of to", before.to, after.to),
    ].filter((one) => one !== null);
    if (before.owner !== after.owner) {
      const counts = changes.length > 0 ? changes.join(", ") : this.#stays();
      return `the page is charged to the other cgroup: ${counts}`;
    }
    if (after.locked > before.locked) return "takes the lock for page statistics";
    if (changes.length === 0) return null;
    return this.#flag(after.from + after.to - before.from - before.to, after) + changes.join(", ");
  }

  get #hasFlag(): boolean {
    return this.on.kernel.options.memcgStat === "page-flag";
  }

  #stays(): string {
    return `${this.#hasFlag ? "FILE_MAPPED is clear, so " : ""}mapped_file stays where it is`;
  }

  /** What becomes of FILE_MAPPED in a step that counts one more or less: an unmap has seen that nothing maps the page. */
  #flag(counted: number, { mapcount }: Seen): string {
    if (!this.#hasFlag || counted === 0) return "";
    if (counted > 0) return "sets FILE_MAPPED, ";
    return `clears FILE_MAPPED${mapcount > 0 ? ", though the page is mapped by now" : ""}, `;
  }

  /** A move looks at the page as well, for other reasons. */
  #counts(path: Actor): boolean {
    return path.name !== MOVER;
  }

  #question(path: Actor, stop: Actor["stop"]): string | null {
    if (stop?.kind !== "access" || !this.#counts(path)) return null;
    if (stop.object === this.places.record) return OWNER;
    if (this.#asks === path.name) return "asks whether charges of that cgroup are moved: no";
    if (stop.object !== this.places.mapcount) return null;
    return `looks whether the page is mapped: ${this.on.page.mapcount > 0 ? "it is" : "no"}`;
  }
}

const OWNER = "looks up the owner in the side record";

function change(what: string, before: number, after: number): string | null {
  return before === after ? null : `${what} ${before} -> ${after}`;
}

/** Where a path stood before the last changes of the map count and of mapped_file; the meeting is begun anew. */
export function findPlaces(on: MemcgMeeting, path: Actor): Places & { readonly steps: number } {
  on.restart();
  const before = look(on);
  let mapcount = 0;
  let record = 0;
  let steps = 0;
  for (let seen = before; seen.from === before.from; steps++) {
    const object = path.stop?.object ?? 0;
    on.scheduler.step(path);
    const next = look(on);
    if (next.mapcount !== seen.mapcount) mapcount = object;
    if (next.from !== seen.from) record = object;
    seen = next;
  }
  on.restart();
  return { mapcount, record, steps };
}
