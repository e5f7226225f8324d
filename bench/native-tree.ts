import { execFileSync, spawn, type ChildProcessByStdio } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** -O2 is what the kernel is built with. */
const FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra"];

/** The C tree of `native/`, in a process of its own that answers one line a command. */
export class NativeTree {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  private constructor(program: string) {
    this.#child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Compiles it with `cc` and starts it; null where there is no `cc`. */
  static start(): NativeTree | null {
    const root = dirname(createRequire(import.meta.url).resolve("rmaplab/package.json"));
    const sources = ["stab.c", "interval-tree.c"].map((file) => join(root, "bench/native", file));
    const program = join(root, "build/native/stab");
    mkdirSync(dirname(program), { recursive: true });
    try {
      execFileSync("cc", [...FLAGS, "-o", program, ...sources], { stdio: "inherit" });
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return null;
      throw error;
    }
    return new NativeTree(program);
  }

  /** Splits one VMA of `vmas` pages into as many VMAs, and draws `queries` page offsets from `seed`. */
  async build(vmas: number, seed: number, queries: number): Promise<void> {
    const [built, verified] = await this.#ask(`build ${vmas} ${seed} ${queries}`, "built");
    if (built !== vmas || verified !== 1) {
      throw new Error(`the native tree has ${built} VMAs instead of ${vmas}, or is not in order`);
    }
  }

  /** Runs `count` queries from place `offset` on: the nanoseconds it took, and the VMAs found. */
  async run(count: number, offset: number): Promise<{ ns: number; found: number }> {
    const [ns = NaN, found = NaN] = await this.#ask(`run ${count} ${offset}`, "ran");
    return { ns, found };
  }

  /** Ends its process. */
  stop(): void {
    this.#child.stdin.end();
  }

  async #ask(command: string, answer: string): Promise<number[]> {
    this.#child.stdin.write(`${command}\n`);
    const line = await this.#answers.next();
    const [word, ...numbers] = line.done === true ? [] : line.value.split(" ");
    if (word !== answer) throw new Error(`the native tree did not answer "${command}"`);
    return numbers.map(Number);
  }
}
