#!/usr/bin/env node
// The rmaplab command. Exit status: 0 done, 1 a difference or a broken invariant was found,
// 2 bad input or an unexpected error, 130 interrupted.

import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { benchCommand } from "./bench.js";
import { diffCommand } from "./diff.js";
import { InputError } from "./failure.js";
import { labCommand } from "./lab.js";
import { replayCommand } from "./replay.js";
import { runCommand } from "./run.js";

const INTERRUPTED = 130;
const BAD_INPUT = 2;

/** The package's version, by the package's own name: the same from sources, dist and an install. */
function version(): string {
  const manifest = createRequire(import.meta.url)("rmaplab/package.json") as { version: string };
  return manifest.version;
}

/** Commander puts its suggestions on a second line; an error is one line here. */
function oneLine(message: string): string {
  return message
    .replace(/^error: /, "")
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");
}

function createProgram(): Command {
  const program = new Command("rmaplab")
    .description(
      "The Linux v3.7 reverse map: measure it, run scripts on it, replay programs on it.",
    )
    .version(version())
    .exitOverride()
    .configureOutput({ outputError: (message, write) => write(`rmaplab: ${oneLine(message)}\n`) })
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 a difference or a broken invariant was found, 2 bad input." +
        "\nRMAPLAB_STACK=1 shows where an unexpected error came from.",
    );
  for (const command of [
    runCommand(),
    diffCommand(),
    labCommand(),
    replayCommand(),
    benchCommand(),
  ]) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  return program;
}

/** Says what went wrong, and returns the exit status that tells it. */
function failure(error: unknown): number {
  // Commander has printed its own messages, and asking for help is not a failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : BAD_INPUT;
  if (error instanceof InputError) {
    console.error(`rmaplab: ${error.message}`);
  } else if (process.env["RMAPLAB_STACK"] && error instanceof Error) {
    console.error(error);
  } else {
    console.error(`rmaplab: unexpected ${oneLine(String(error))}`);
  }
  return BAD_INPUT;
}

/** `rmaplab run x | head` closes the pipe early: that is the reader's wish, not an error. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit();
  });
}

function endOnInterrupt(): void {
  process.once("SIGINT", () => {
    // Other listeners (a progress bar puts the cursor back) come first.
    setImmediate(() => process.exit(INTERRUPTED));
  });
}

endQuietlyOnClosedPipe(process.stdout);
endQuietlyOnClosedPipe(process.stderr);
endOnInterrupt();
process.on("uncaughtException", (error) => process.exit(failure(error)));
try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = failure(error);
}
