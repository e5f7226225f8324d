import { cgroupRows, Dumper, type Dump, type NamedDevice, type NamedProcess } from "./dump.js";
import { fail, Failure } from "./failure.js";
import type { OpenFile } from "./file.js";
import { Machine, type MachineOptions } from "./machine.js";
import type { ModelProcess } from "./process.js";
import { onFile } from "./script-file.js";
import { ARENA, mapFor, onPages, onProcess } from "./script-process.js";
import { Words, type ScriptLine } from "./script.js";
import { PAGE } from "./units.js";

export type Result = [line: number, operation: string, outcome: number | string];

/** What a script gave: the dumps it asked for and the outcome of each operation. */
export interface ScriptOutcome {
  readonly dumps: Dump[];
  readonly results: Result[];
}

/** Runs a parsed script on a fresh model. A malformed line throws; a refused operation is a result. */
export function runScript(lines: readonly ScriptLine[], options?: MachineOptions): ScriptOutcome {
  const [first] = lines;
  const onS390x = first?.operation === "s390";
  const run = new ScriptRun(new Machine({ ...options, ...(onS390x ? { arch: "s390x" } : {}) }));
  for (const line of onS390x ? lines.slice(1) : lines) run.step(line);
  return run.finish();
}

/** Of processes, devices and cgroups that are there no more. */
const GONE: readonly string[] = ["ESRCH", "ESTALE"];

/** What scripts call the cgroup above all others. */
const ROOT = "root";

class ScriptRun {
  private readonly dumper = new Dumper(ARENA / PAGE);
  private readonly processes: NamedProcess[] = [];
  private readonly files = new Map<string, OpenFile>();
  private readonly devices = new Map<string, NamedDevice>();
  /** By number, from 1 on: 0 is the root. */
  private readonly cgroups: string[] = [ROOT];
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
    const dump = this.dumper.dump(label, this.processes, [...this.devices.values()]);
    const { all } = this.machine.memory.cgroups;
    const memcgs = this.cgroups.length > 1 ? { memcgs: cgroupRows(all, this.cgroups) } : {};
    this.dumps.push({ ...dump, ...memcgs });
  }

  private outcome(line: ScriptLine): number | string {
    try {
      const words = new Words(line);
      const { operation } = line;
      return this.ofMachine(operation, words) ?? this.ofNamed(operation, words);
    } catch (error) {
      if (error instanceof Failure) return GONE.includes(error.code) ? "SKIP" : error.code;
      throw error;
    }
  }

  private ofMachine(operation: string, words: Words): number | undefined {
    const { machine } = this;
    switch (operation) {
      case "file":
        this.createFile(words);
        return 0;
      case "spawn":
        this.processes.push({
          name: words.word(0),
          process: machine.spawn(this.cgroup(words.optional(1) ?? ROOT)),
        });
        return 0;
      case "ksm":
        machine.ksm.settle();
        return 0;
      case "reclaim": {
        const kind = words.optional(1) === "background" ? "background" : "direct";
        return machine.reclaim(words.number(0), kind);
      }
      case "io":
        machine.holdIo(words.word(0) === "hold");
        return 0;
      case "swapon":
        return machine.swapon(words.number(0), words.numberOr(1, -1));
      case "swapoff":
        machine.swapoff(words.number(0));
        return 0;
      default:
        return this.ofCgroup(operation, words);
    }
  }

  private ofCgroup(operation: string, words: Words): number | undefined {
    const { machine } = this;
    switch (operation) {
      case "memcg": {
        const parent = this.cgroup(words.optional(1) ?? ROOT);
        const number = machine.createCgroup(parent, words.optional(2) === "hierarchy");
        this.cgroups[number] = words.word(0);
        return 0;
      }
      case "limit": {
        const pages = words.word(1) === "none" ? Infinity : words.number(1);
        machine.limitCgroup(this.cgroup(words.word(0)), pages);
        return 0;
      }
      case "empty":
        machine.emptyCgroup(this.cgroup(words.word(0)));
        return 0;
      case "rmdir":
        machine.removeCgroup(this.cgroup(words.word(0)));
        return 0;
      default:
        return undefined;
    }
  }

  private ofDevice(operation: string, words: Words): number | undefined {
    if (!["device-read", "device-write", "unregister"].includes(operation)) return undefined;
    const device = this.devices.get(words.word(0))?.device;
    if (device?.attached !== true) fail("ESRCH");
    if (operation === "unregister") {
      device.detach();
      return 0;
    }
    const page = ARENA / PAGE + words.number(1);
    if (operation === "device-read") return device.access(page, false);
    device.access(page, true, words.numberOr(2, words.line));
    return 0;
  }

  private ofNamed(operation: string, words: Words): number {
    const ofDevice = this.ofDevice(operation, words);
    if (ofDevice !== undefined) return ofDevice;
    const file = this.files.get(words.word(0));
    const done = file === undefined ? undefined : onFile(file, operation, words);
    return done ?? this.ofProcess(operation, words);
  }

  private ofProcess(operation: string, words: Words): number {
    const process = this.process(words.word(0));
    if (!process.alive) fail("ESRCH");
    switch (operation) {
      case "fork":
        this.processes.push({ name: words.word(1), process: this.machine.fork(process) });
        return 0;
      case "notifier": {
        const [owner, name] = [words.word(0), words.word(1)];
        const kind = words.word(2) === "kvm" ? "kvm" : "rdma";
        this.devices.set(name, { name, owner, device: this.machine.attach(process, kind) });
        return 0;
      }
      case "move":
        this.machine.moveToCgroup(process, this.cgroup(words.word(1)));
        return 0;
      case "mmap":
        mapFor(process, words, (name) => this.file(name));
        return 0;
    }
    const done = onProcess(process, operation, words);
    const outcome = done ?? onPages(this.machine, process, operation, words);
    if (outcome === undefined) throw new Error(`line ${words.line}: no operation ${operation}`);
    return outcome;
  }

  private createFile(words: Words): void {
    const firstWord = 1_000_000_000 + this.files.size * 1_000_000;
    const kind = words.optional(2) ?? "tmpfs";
    if (kind !== "tmpfs" && kind !== "disk" && kind !== "ramfs") throw new Error(`kind ${kind}`);
    const [name, pages] = [words.word(0), words.number(1)];
    this.files.set(name, this.machine.createFile(kind, pages, name, firstWord));
  }

  /** A cgroup's number. ESTALE for one that never came to be. */
  private cgroup(name: string): number {
    const number = this.cgroups.indexOf(name);
    return number < 0 ? fail("ESTALE") : number;
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
