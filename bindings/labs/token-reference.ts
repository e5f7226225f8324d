// What the swap token does to one idle page of its holder, and what it takes for that.

import type { Kernel } from "../kernel/kernel.js";
import type { Page } from "../kernel/page.js";
import type { Process } from "../kernel/process.js";
import type { ScriptRunner } from "../scenario/runner.js";
import { at, lay, PAGE } from "./ground.js";
import type { MakeKernel, Observables } from "./lab.js";

/** A takes the token and stays in a fault; its page 1 has not been touched since it was last asked for. */
export const HELD = `
spawn A
spawn B
mmap A 0 2 rw anon private
write A 0 1
write A 1 2
swap-out A 0 1
read A 0
referenced A 1
hold A
referenced A 1 B
`;

function pageOf(process: Process | undefined, page: number): Page {
  const found = process?.pageAt(at(page));
  if (!found) throw new Error(`nothing is present at page ${page}`);
  return found;
}

/** Who has the token after the script, and what B makes of A's idle page. */
export function heldObservables(run: ScriptRunner, kernel: Kernel): Observables {
  const page = pageOf(run.process("A"), 1);
  const b = run.process("B");
  if (!b) throw new Error("there is no B");
  return {
    holder: kernel.swapToken?.holder?.name ?? "nobody",
    referenced: kernel.pageReferenced(page, { process: b }),
    fate: kernel.shrinkPage(page, { process: b }),
  };
}

/** The page of a process goes to swap, and a fault brings it back. */
export function readFromSwap(kernel: Kernel, process: Process, page = 0): void {
  kernel.shrinkPage(pageOf(process, page), { force: true });
  process.read(at(page));
}

interface Ground {
  readonly kernel: Kernel;
  readonly a: Process;
  readonly b: Process;
}

/** Two processes with two pages each. The first has read from swap, and so has the token if there is one. */
async function ground(makeKernel: MakeKernel): Promise<Ground> {
  const kernel = await makeKernel({ frames: 64, swap: 64 });
  const [a, b] = [kernel.spawn(), kernel.spawn()];
  for (const process of [a, b]) lay(process, 0, 2);
  readFromSwap(kernel, a);
  return { kernel, a, b };
}

/** What page_referenced says of an idle page of the process. */
function idlePage(kernel: Kernel, process: Process, asks: Process): number {
  const page = pageOf(process, 1);
  kernel.pageReferenced(page, { process });
  return kernel.pageReferenced(page, { process: asks });
}

/** What is to give 0 on both sides: each lacks one of the things that the token's reference needs. */
export async function controls(makeKernel: MakeKernel): Promise<Observables> {
  const own = await ground(makeKernel);
  own.a.hold();
  const free = await ground(makeKernel);
  const taken = await ground(makeKernel);
  taken.a.hold();
  // Off its list, so that only the token goes.
  taken.kernel.isolate(pageOf(taken.a, 1));
  taken.kernel.reclaim(64, { background: true });
  const other = await ground(makeKernel);
  other.b.hold();
  return {
    itselfAsks: idlePage(own.kernel, own.a, own.a),
    mmapSemIsFree: idlePage(free.kernel, free.a, free.b),
    afterPriority0: idlePage(taken.kernel, taken.a, taken.b),
    heldWithoutToken: idlePage(other.kernel, other.b, other.a),
  };
}

/** An idle page of program text of a process that is held: one reference through executable memory activates it. */
export async function programText(makeKernel: MakeKernel): Promise<Observables> {
  const { kernel, a } = await ground(makeKernel);
  const file = kernel.createFile({ kind: "disk", pages: 1, word: 5 });
  a.mmap({ address: at(8), length: PAGE, file, prot: "rx", fixed: true });
  a.read(at(8));
  const page = pageOf(a, 8);
  kernel.pageReferenced(page);
  a.hold();
  return { fate: kernel.shrinkPage(page) };
}
