// The words of one line, read from left to right. Each reader checks its word and says what it accepts.

import { ARENA_PAGES } from "./arena.js";
import type { ScriptAdvice, ScriptFileKind, ScriptProt } from "./operation.js";
import { LineError, quoted } from "./line-error.js";

/** Largest size of a scripted file, in pages (4 PiB). */
export const MAX_FILE_PAGES = 2 ** 40;
/** Pages that a file can have at all: an offset in bytes has 64 bits. */
const PGOFF_END = 2 ** 52;
/** Largest page offset into a file. */
export const MAX_PGOFF = PGOFF_END - 1;
/** Most pages that reclaim can be asked for, and that all swap areas may have. */
const MAX_COUNT = 2 ** 31 - 1;

/** What exec's stack has below its arguments: a page that is kept free, and 128 KiB. */
const STACK_ROOM = 33;
/** Most huge pages that a script can ask for: 4 GiB. */
export const MAX_HUGE_PAGES = 2048;

const PROTS: readonly ScriptProt[] = ["r", "rw", "rwx", "none"];
const KINDS: readonly ScriptFileKind[] = ["tmpfs", "disk", "ramfs", "hugetlb"];
const ADVICES: readonly ScriptAdvice[] = [
  "dontneed",
  "mergeable",
  "unmergeable",
  "hugepage",
  "nohugepage",
];
/** The memory cgroup that every machine has. */
const ROOT = "root";
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** The names that a script has introduced so far. */
export class Names {
  /** Process name -> line that made it. */
  readonly processes = new Map<string, number>();
  /** File name -> line that made it. */
  readonly files = new Map<string, number>();
  /** Memory cgroup name -> line that made it. */
  readonly cgroups = new Map<string, number>();
  /** Device name -> line that made it. */
  readonly devices = new Map<string, number>();
}

/** The arguments of one operation. */
export class Fields {
  #next = 0;

  constructor(
    private readonly file: string,
    private readonly line: number,
    private readonly words: readonly string[],
    private readonly names: Names,
  ) {}

  /** Words not read yet. */
  get left(): number {
    return this.words.length - this.#next;
  }

  /** A process that an earlier line made. */
  process(): string {
    const { processes, files } = this.names;
    return this.#known("process", processes, files, "spawn P or fork P Q makes one");
  }

  /** A file that an earlier line made. */
  scriptedFile(): string {
    const { processes, files } = this.names;
    return this.#known("file", files, processes, "file F npages makes one");
  }

  /** A memory cgroup that an earlier line made. */
  cgroup(): string {
    const { cgroups } = this.names;
    const word = this.#word();
    if (!cgroups.has(word)) {
      const accepted =
        cgroups.size === 0 ? "memcg G makes one" : this.#listed("cgroups", [...cgroups.keys()]);
      const problem =
        word === ROOT
          ? `cgroup ${quoted(ROOT)} has no limit, and always stays`
          : `unknown cgroup ${quoted(word)}`;
      this.#fail(problem, accepted);
    }
    return word;
  }

  /** The same, or null for the root. @param own one that this line makes */
  cgroupOrRoot(own?: string): string | null {
    const word = this.#word();
    if (word === ROOT) return null;
    if (word === own) {
      this.#fail(`cgroup ${quoted(word)} can't be below itself`, "accepted are root and others");
    }
    const { cgroups } = this.names;
    if (!cgroups.has(word)) {
      const others = [ROOT, ...cgroups.keys()].filter((name) => name !== own);
      this.#fail(`unknown cgroup ${quoted(word)}`, this.#listed("cgroups", others));
    }
    return word;
  }

  newCgroup(): string {
    if (this.words[this.#next] === ROOT) {
      this.#fail(`cgroup name ${quoted(ROOT)} is taken`, "that is the one above all others");
    }
    return this.#fresh("cgroup", this.names.cgroups);
  }

  /** A number of pages, or null for none. */
  limit(): number | null {
    const word = this.#word();
    return word === "none" ? null : this.#integer("limit", word, 0, MAX_COUNT);
  }

  /** A device that an earlier line made. */
  device(): string {
    const { devices, processes } = this.names;
    return this.#known("device", devices, processes, "notifier P D kvm|rdma makes one");
  }

  newDevice(): string {
    return this.#fresh("device", this.names.devices);
  }

  newProcess(): string {
    return this.#fresh("process", this.names.processes);
  }

  newFile(): string {
    return this.#fresh("file", this.names.files);
  }

  /** A range of the arena: first page and number of pages. A length of 0 is left to the kernel. */
  range(): { page: number; count: number } {
    const page = this.page();
    return { page, count: this.count(page) };
  }

  page(): number {
    return this.#integer("page", this.#word(), 0, ARENA_PAGES - 1);
  }

  count(page: number): number {
    const count = this.#integer("number of pages", this.#word(), 0, ARENA_PAGES);
    return this.#within(page, count);
  }

  /** A length that may be left out; either way the range must lie in the arena. */
  countOr(page: number, usual: number): number {
    return this.left > 0 ? this.count(page) : this.#within(page, usual);
  }

  /** Pages of arguments, and where the stack ends: without that it begins at page 0. */
  stack(): { pages: number; end: number } {
    const pages = this.#integer("number of pages", this.#word(), 1, ARENA_PAGES - STACK_ROOM);
    const least = pages + STACK_ROOM;
    const end =
      this.left > 0 ? this.#integer("end of the stack", this.#word(), least, ARENA_PAGES) : least;
    return { pages, end };
  }

  filePages(): number {
    return this.#integer("file size", this.#word(), 0, MAX_FILE_PAGES);
  }

  /** An offset into a file, in pages. */
  pgoff(): number {
    return this.#integer("page offset", this.#word(), 0, MAX_PGOFF);
  }

  /** A range of a file: its first page and number of pages, which may reach beyond the file's end. */
  fileRange(): { pgoff: number; count: number } {
    const pgoff = this.pgoff();
    const count = this.#integer("number of pages", this.#word(), 0, PGOFF_END - pgoff);
    return { pgoff, count };
  }

  reclaimed(): number {
    return this.#integer("number of pages", this.#word(), 0, MAX_COUNT);
  }

  hugePages(): number {
    return this.#integer("number of huge pages", this.#word(), 0, MAX_HUGE_PAGES);
  }

  swapPages(): number {
    return this.#integer("size of a swap area", this.#word(), 1, MAX_COUNT);
  }

  priority(): number {
    return this.#integer("priority", this.#word(), -1, 32767);
  }

  area(): number {
    return this.#integer("swap area", this.#word(), 0, 7);
  }

  /** One of several words; the first is what it means to leave it out. */
  oneOf<T extends string>(what: string, accepted: readonly [T, ...T[]]): T {
    return this.left > 0 ? this.#choice(what, accepted) : accepted[0];
  }

  /** One of several words, which can't be left out. */
  word<T extends string>(what: string, accepted: readonly T[]): T {
    return this.#choice(what, accepted);
  }

  value(): number {
    return this.#integer("value", this.#word(), 0, Number.MAX_SAFE_INTEGER);
  }

  prot(): ScriptProt {
    return this.#choice("protection", PROTS);
  }

  kind(): ScriptFileKind {
    return this.#choice("kind of file", KINDS);
  }

  advice(): ScriptAdvice {
    return this.#choice("advice", ADVICES);
  }

  shared(): boolean {
    return this.#choice("sharing", ["private", "shared"]) === "shared";
  }

  /** `anon` or `file:F:pgoff`. */
  backing(): { file: string; pgoff: number } | null {
    const word = this.#word();
    if (word === "anon") return null;
    const parts = word.split(":");
    const [scheme, file, pgoff] = parts;
    if (scheme !== "file" || file === undefined || pgoff === undefined || parts.length !== 3) {
      this.#fail(`unknown backing ${quoted(word)}`, "accepted are anon and file:F:pgoff");
    }
    if (!this.names.files.has(file)) {
      this.#fail(
        `unknown file ${quoted(file)}`,
        this.#listed("files", [...this.names.files.keys()]),
      );
    }
    return { file, pgoff: this.#integer("page offset", pgoff, 0, MAX_PGOFF) };
  }

  label(): string {
    const word = this.#word();
    if (!NAME.test(word)) {
      this.#fail(`bad label ${quoted(word)}`, "a label is 1 to 64 of A-Z a-z 0-9 _ . -");
    }
    return word;
  }

  #within(page: number, count: number): number {
    if (page + count > ARENA_PAGES) {
      this.#fail(
        `${count} pages from page ${page} end outside the arena`,
        `the arena has ${ARENA_PAGES} pages, so at most ${ARENA_PAGES - page} from there`,
      );
    }
    return count;
  }

  #word(): string {
    const word = this.words[this.#next++];
    if (word === undefined) throw new RangeError("the number of arguments was not checked");
    return word;
  }

  #integer(what: string, word: string, least: number, most: number): number {
    const accepted = `accepted are whole numbers from ${least} to ${most}`;
    if (!/^-?[0-9]+$/.test(word)) {
      this.#fail(`${what} ${quoted(word)} is not a whole number`, accepted);
    }
    const value = Number(word);
    if (value < least || value > most) {
      this.#fail(`${what} ${quoted(word)} is out of range`, accepted);
    }
    return value;
  }

  #choice<T extends string>(what: string, accepted: readonly T[]): T {
    const word = this.#word();
    const found = accepted.find((candidate) => candidate === word);
    if (found === undefined) {
      this.#fail(`unknown ${what} ${quoted(word)}`, acceptedInWords(accepted));
    }
    return found;
  }

  /** @param others names of the other kind, which are easily mistaken for these */
  #known(
    what: "process" | "file" | "device",
    names: ReadonlyMap<string, number>,
    others: ReadonlyMap<string, number>,
    maker: string,
  ): string {
    const word = this.#word();
    if (!names.has(word)) {
      const accepted = names.size === 0 ? maker : this.#listed(plural(what), [...names.keys()]);
      const other = what === "process" ? "file" : "process";
      const is = others.has(word) ? `, it is a ${other}` : "";
      this.#fail(`unknown ${what} ${quoted(word)}${is}`, accepted);
    }
    return word;
  }

  #fresh(what: string, names: Map<string, number>): string {
    const word = this.#word();
    if (!NAME.test(word)) {
      this.#fail(
        `bad ${what} name ${quoted(word)}`,
        "a name is 1 to 64 of A-Z a-z 0-9 _ . - and does not begin with . or -",
      );
    }
    const earlier = names.get(word);
    if (earlier !== undefined) {
      this.#fail(
        `${what} name ${quoted(word)} is taken since line ${earlier}`,
        `a name is used for one ${what} only${what === "process" ? ", even after its exit" : ""}`,
      );
    }
    names.set(word, this.line);
    return word;
  }

  #listed(what: string, names: readonly string[]): string {
    if (names.length === 0) return `no ${what} exist yet`;
    const shown = names.slice(0, 8);
    return `${what} so far: ${shown.join(", ")}${names.length > shown.length ? ", ..." : ""}`;
  }

  #fail(problem: string, accepted: string): never {
    throw new LineError(this.file, this.line, problem, accepted);
  }
}

function acceptedInWords(words: readonly string[]): string {
  return `accepted ${words.length === 1 ? "is" : "are"} ${words.join(", ")}`;
}

function plural(what: string): string {
  return what === "process" ? "processes" : `${what}s`;
}
