// `rmaplab replay`: what the calls and page faults of real programs do to the reverse map.

import { Command } from "commander";
import { KernelError } from "../core/kernel-error.js";
import { LineError } from "../scenario/line-error.js";
import { readCapture } from "../trace/capture.js";
import { captureName } from "../trace/capture-text.js";
import { replayText } from "../trace/replay-text.js";
import { replay } from "../trace/replay.js";
import type { ReplayResult } from "../trace/replay.js";
import { InputError } from "./failure.js";

/** Milliseconds between two updates of the progress line. */
const PROGRESS_EVERY = 100;

interface ReplayFlags {
  readonly faults?: string;
  readonly maps?: string;
  readonly verify?: true;
  readonly json?: true;
}

/** The subcommand, for the entry to add. */
export function replayCommand(): Command {
  return new Command("replay")
    .summary("replay an strace capture of real programs and compare the VMAs")
    .description(
      "Replays a capture of system calls (strace -f -ttt -y -T -o TRACE), with processes, threads, forks " +
        "and execs, and shows operations, peak VMAs, splits, merges, what reverse-map walks cost with " +
        "each index, and where VMA lists differ from snapshots of /proc/PID/maps (docs/captures.md has " +
        "the formats). Files may be gzipped. Exit 0 when nothing differs, 1 a difference or a broken " +
        "invariant, 2 bad input.",
    )
    .argument("<trace>", "file of the strace capture, or - for standard input")
    .option("--faults <file>", "capture of page faults; without it writable memory is touched")
    .option("--maps <file>", "snapshots of /proc/PID/maps after each exec and before each exit")
    .option("--verify", "check the invariants along the way and at each snapshot")
    .option("--json", "print the result as one JSON document")
    .action(run);
}

async function run(path: string, flags: ReplayFlags): Promise<void> {
  const trace = captureName(path);
  const progress = new ProgressLine(process.stderr);
  let result: ReplayResult;
  try {
    const capture = readCapture({
      strace: path,
      ...(flags.faults === undefined ? {} : { faults: flags.faults }),
      ...(flags.maps === undefined ? {} : { maps: flags.maps }),
    });
    if (capture.strace.cutLine > 0) {
      process.stderr.write(`rmaplab: ${trace}:${capture.strace.cutLine}: cut last line, skipped\n`);
    }
    result = await replay(capture, {
      verify: flags.verify ?? false,
      progress: (what, done, total) => progress.show(what, done, total),
    });
  } catch (error) {
    throw asInputError(error, trace);
  } finally {
    progress.clear();
  }
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(result, null, 2)}\n`
      : replayText(result, { strace: trace, maps: flags.maps ?? null }),
  );
  if (result.maps.differences > 0 || result.violations.length > 0) process.exitCode = 1;
}

/** What is the capture's fault: a line that cannot be read, or more memory than a machine can have. */
function asInputError(error: unknown, trace: string): unknown {
  if (error instanceof LineError) return new InputError(error.message);
  if (error instanceof KernelError && error.code === "ENOMEM") {
    return new InputError(
      `${trace}: the capture needs more than the simulated machine's 2 GiB (${error.message})`,
    );
  }
  return error;
}

/** One line on a terminal that says how far a replay is; nothing elsewhere. */
class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  #shown = 0;
  #visible = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(what: string, done: number, total: number): void {
    const now = Date.now();
    if (!this.#stream.isTTY || now - this.#shown < PROGRESS_EVERY) return;
    this.#shown = now;
    this.#visible = true;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    this.#stream.write(`\r\x1b[K${what}: ${percent}% of ${total.toLocaleString("en")} steps`);
  }

  clear(): void {
    if (this.#visible) this.#stream.write("\r\x1b[K");
    this.#visible = false;
  }
}
