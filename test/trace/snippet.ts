import { createKernel } from "../../bindings/kernel/create-kernel.js";
import type { Process } from "../../bindings/kernel/process.js";
import { Plan } from "../../bindings/trace/plan.js";
import type { Capture } from "../../bindings/trace/plan.js";
import { callKind } from "../../bindings/trace/call-table.js";
import { Clock } from "../../bindings/trace/clock.js";
import { NO_FAULTS, parseFaults } from "../../bindings/trace/fault-file.js";
import { machineSize } from "../../bindings/trace/machine-size.js";
import { parseMaps } from "../../bindings/trace/maps-file.js";
import { replay } from "../../bindings/trace/replay.js";
import type { ReplayResult } from "../../bindings/trace/replay.js";
import { ReplayRun } from "../../bindings/trace/replay-run.js";
import { parseStrace } from "../../bindings/trace/strace-file.js";

/** A small capture, written by hand. Lines are indented as the test is; blank ones are dropped. */
export interface Snippet {
  strace: string;
  faults?: string;
  maps?: string;
}

/** An execve with the snapshot of a program that has one page of code, one of data, and a stack. */
export const PROGRAM = {
  strace: `10 1.000000000 execve("/bin/p", ["p"], 0x1 /* 0 vars */) = 0 <0.001>`,
  maps: `
    ## exec pid=10 ts=1.002000000 exe=/bin/p
    00400000-00401000 r-xp 00000000 fe:00 7 /bin/p
    00401000-00402000 rw-p 00001000 fe:00 7 /bin/p
    7f0000000000-7f0000002000 r-xp 00000000 00:00 0 [vdso]
    7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]`,
  /** The same ranges as they are at the end, for an exit snapshot. */
  lines: `
    00400000-00401000 r-xp 00000000 fe:00 7 /bin/p
    00401000-00402000 rw-p 00001000 fe:00 7 /bin/p`,
  end: `
    7f0000000000-7f0000002000 r-xp 00000000 00:00 0 [vdso]
    7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]`,
};

export function parseSnippet({ strace, faults, maps }: Snippet): Capture {
  const clock = new Clock();
  return {
    strace: parseStrace({ name: "t.strace", text: outdent(strace) }, clock, callKind),
    faults: faults === undefined ? NO_FAULTS : parseFaults(named("t.faults", faults), clock),
    hasFaults: faults !== undefined,
    snapshots: maps === undefined ? [] : parseMaps(named("t.maps", maps), clock),
    hasMaps: maps !== undefined,
  };
}

export function replaySnippet(snippet: Snippet): Promise<ReplayResult> {
  return replay(parseSnippet(snippet), { verify: true });
}

/**
 * Replays the calls of process 10 behind PROGRAM's execve, and compares with `mapped`: the ranges that
 * the calls left between the program and its vdso. Calls carry no time; the order is that of the lines.
 */
export function replayCalls(calls: string, mapped: string, faults = ""): Promise<ReplayResult> {
  return replaySnippet({
    strace: [...timed(calls), "10 3.000000000 exit_group(0) = ?", ""].join("\n"),
    faults,
    maps: `${PROGRAM.maps}
      ## exit pid=10 ts=3.001000000 exe=/bin/p
      ${PROGRAM.lines}
      ${mapped}
      ${PROGRAM.end}
      `,
  });
}

/** The machine as the calls of process 10 behind PROGRAM's execve leave it, before anybody exits. */
export async function runCalls(calls: string, faults = ""): Promise<ReplayRun> {
  const strace = [...timed(calls), ""].join("\n");
  const capture = parseSnippet({ strace, faults, maps: PROGRAM.maps });
  const run = new ReplayRun(await createKernel(machineSize(capture)), new Plan(capture));
  await run.toEnd();
  return run;
}

/** The process of a thread of the capture. */
export function processOf(run: ReplayRun, tid = 10): Process {
  const task = run.machine.tasks.get(tid);
  if (!task) throw new Error(`no thread ${tid}`);
  return task.process;
}

function timed(calls: string): string[] {
  const lines = outdent(calls).trimEnd().split("\n");
  return [
    PROGRAM.strace,
    ...lines.map((line, index) => {
      const [, tid = "10", call = ""] = /^(?:(\d+) )?(.*)$/.exec(line) ?? [];
      return `${tid} 2.${String(index + 1).padStart(6, "0")}000 ${call}`;
    }),
  ];
}

function named(name: string, text: string): { name: string; text: string } {
  return { name, text: outdent(text) };
}

function outdent(text: string): string {
  return text.replace(/^[ \t]+/gm, "").replace(/^\n+/, "");
}
