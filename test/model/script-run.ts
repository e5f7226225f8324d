import type { Advice } from "./change-call.js";
import { Dumper, type Dump, type NamedProcess } from "./dump.js";
import { Failure } from "./failure.js";
import type { OpenFile } from "./file.js";
import type { Protection } from "./flags.js";
import { Machine, type MachineOptions } from "./machine.js";
import type { ModelProcess } from "./process.js";
import type { ScriptLine } from "./script.js";
import { PAGE } from "./units.js";

/** Virtual address of the arena's first page. */
export const ARENA = 0x200000000000;

export type Result = [line: number, operation: string, outcome: number | string];

/** What a script gave: the dumps it asked for and the outcome of each operation. */
export interface ScriptOutcome {
  readonly dumps: Dump[];
  readonly results: Result[];
}

/** Runs a parsed script on a fresh model. A malformed line throws; a refused operation is a result. */
export function runScript(lines: readonly ScriptLine[], options?: MachineOptions): ScriptOutcome {
  const run = new ScriptRun(new Machine(options));
  for (const line of lines) run.step(line);
  return run.finish();
}

class ScriptRun {
  private readonly dumper = new Dumper(ARENA / PAGE);
  private readonly processes: NamedProcess[] = [];
  private readonly files = new Map<string, OpenFile>();
  private readonly dumps: Dump[] = [];
  private readonly results: Result[] = [];
  private dumpedLast = false;

  constructor(private readonly machine: Machine) {}

  finish(): ScriptOutcome {
    if (!this.dumpedLast) this.dump("final");
    return { dumps: this.dumps, results: this.results };
  }

  step(line: ScriptLine): void {
    this.dumpedLast = line.operation === "dump";
    if (line.operation === "dump") {
      this.dump(line.words[0] ?? `line ${String(line.line)}`);
      return;
    }
    this.results.push([line.line, line.operation, this.outcome(line)]);
  }

  private dump(label: string): void {
    this.dumps.push(this.dumper.dump(label, this.processes));
  }

  private outcome(line: ScriptLine): number | string {
    try {
      return this.perform(line);
    } catch (error) {
      if (error instanceof Failure) return error.code === "ESRCH" ? "SKIP" : error.code;
      throw error;
    }
  }

  private perform({ line, operation, words }: ScriptLine): number {
    const word = (index: number): string => {
      const value = words[index];
      if (value === undefined) throw new Error(`line ${String(line)}: too few words`);
      return value;
    };
    const number = (index: number): number => Number(word(index));
    const address = (index: number): number => ARENA + number(index) * PAGE;
    const bytes = (index: number): number => number(index) * PAGE;
    switch (operation) {
      case "file":
        this.createFile(word(0), number(1), words[2] === "disk" ? "disk" : "tmpfs");
        return 0;
      case "truncate":
        this.file(word(0)).inode.truncate(number(1));
        return 0;
      case "spawn":
        this.processes.push({ name: word(0), process: this.machine.spawn() });
        return 0;
    }
    if (operation === "ksm") {
      this.requireNothingToMerge(line);
      return 0;
    }
    const process = this.process(word(0));
    switch (operation) {
      case "fork":
        this.processes.push({ name: word(1), process: this.machine.fork(process) });
        return 0;
      case "exit":
        process.exit();
        return 0;
      case "mmap": {
        const [kind, name, pgoff] = word(4).split(":");
        process.mmap({
          address: address(1),
          fixed: true,
          length: bytes(2),
          prot: word(3) as Protection,
          shared: word(5) === "shared",
          ...(kind === "file" ? { file: this.file(name ?? ""), pgoff: Number(pgoff) } : {}),
        });
        return 0;
      }
      case "mlock":
        process.mlock(address(1), bytes(2));
        return 0;
      case "munlock":
        process.munlock(address(1), bytes(2));
        return 0;
      case "munmap":
        process.munmap(address(1), bytes(2));
        return 0;
      case "mprotect":
        process.mprotect(address(1), bytes(2), word(3) as Protection);
        return 0;
      case "mremap":
        process.mremap(address(1), bytes(2), words[4] === undefined ? bytes(2) : bytes(4), {
          to: address(3),
        });
        return 0;
      case "madvise":
        process.madvise(address(1), bytes(2), word(3) as Advice);
        return 0;
      case "read":
        return process.access(address(1), "read");
      case "write":
        process.access(address(1), "write", words[2] === undefined ? line : number(2));
        return 0;
      default:
        throw new Error(`line ${String(line)}: the model does not know ${operation}`);
    }
  }

  /** The model knows which VMAs are mergeable, but does not merge pages. */
  private requireNothingToMerge(line: number): void {
    const words = new Set<number>();
    for (const { process } of this.processes) {
      if (!process.alive) continue;
      for (const [address, entry] of process.space.entries) {
        if (!("page" in entry) || entry.page?.anon !== true) continue;
        if (process.space.at(address)?.flags.mergeable !== true) continue;
        if (words.has(entry.page.word)) throw new Error(`line ${line}: pages to merge`);
        words.add(entry.page.word);
      }
    }
  }

  private createFile(name: string, pages: number, kind: "disk" | "tmpfs"): void {
    const firstWord = 1_000_000_000 + this.files.size * 1_000_000;
    this.files.set(name, this.machine.createFile(kind, pages, name, firstWord));
  }

  private file(name: string): OpenFile {
    const file = this.files.get(name);
    if (file === undefined) throw new Error(`no file ${name}`);
    return file;
  }

  private process(name: string): ModelProcess {
    const found = this.processes.find((named) => named.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found.process;
  }
}
