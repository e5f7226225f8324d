// Processes that thrash: bursts of reads from swap, which bring the token from one to the other and let holders grow
// old, beside all else that changes it. Random operations read too seldom for that.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernel } from "../../bindings/index.js";
import { CoreSide } from "./core-side.js";
import { coreProcessState } from "./core-state.js";
import { modelProcessState } from "./model-state.js";
import { ModelSide } from "./model-side.js";
import { ARENA_PAGE, PAGE, type Operation } from "./operation.js";
import { size } from "./size.js";

const PROCESSES = 4;
const address = ARENA_PAGE * PAGE;
/** Operations of one burst, roughly. */
const PER_BURST = 20;
const BURSTS = 60;

const laid = (process: number): Operation[] => [
  {
    op: "mmap",
    process,
    ...{ address, length: PAGE, prot: "rw", shared: false, file: null, pgoff: 0, fixed: true },
    ...{ noReserve: false, locked: false, growsDown: false, stackSetup: false },
  },
  { op: "write", process, address, word: 1 },
];

/** Who reads how often, and what happens before that. */
const burst = fc.record({
  process: fc.nat(PROCESSES - 1),
  reads: fc.oneof(
    { weight: 40, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 1, arbitrary: fc.constant(270) },
  ),
  before: fc.nat(23),
});

function happening(kind: number, process: number): Operation[] {
  const other = (process + 1) % PROCESSES;
  switch (kind) {
    case 0:
      return [{ op: "reclaim", pages: 1000, kind: "background", cgroup: null, by: null }];
    case 1:
      return [{ op: "move", process, cgroup: process % 2 }];
    case 2:
      return [{ op: "reclaim", pages: 1000, kind: "direct", cgroup: 1, by: other }];
    case 3:
      return [{ op: "exec", process, brk: 0, stack: null }, ...laid(process)];
    case 4:
      return [{ op: "hold", process: other }];
    case 5:
    case 6:
    case 7:
      return [{ op: "let-go", process: other }];
    case 8:
      return [{ op: "page-referenced", process: other, address, cgroup: null, by: process }];
    case 9:
      // A holder has nothing left by it: who has as little does not take the token from it.
      return [{ op: "fork", process: other, shareMemory: true }];
    default:
      return [];
  }
}

/** Both do it, and the token and all processes are the same on both sides. */
function perform(model: ModelSide, core: CoreSide, operation: Operation): void {
  const expected = model.perform(operation);
  expect([operation, core.perform(operation)]).toEqual([operation, expected]);
  const { holder, reads, agedAt } = model.machine.memory.token;
  const token = core.kernel.swapToken;
  expect([token?.globalFaults, token?.lastAging]).toEqual([reads, agedAt]);
  expect(token?.holder ? core.processes.indexOf(token.holder) : -1).toBe(
    model.processes.findIndex((it) => it.alive && it.space === holder),
  );
}

test(
  "processes that thrash pass the token on as the naive model has it",
  async () => {
    const kernel = await createKernel({
      build: "checked",
      frames: 128,
      swap: 64,
      swapToken: "on",
    });
    const empty = kernel.snapshot();
    const seen = { holders: 0, agings: 0 };
    fc.assert(
      fc.property(fc.array(burst, { minLength: 1, maxLength: BURSTS, size: "max" }), (bursts) => {
        kernel.restore(empty);
        const model = new ModelSide({ swap: 64, swapToken: "on" });
        const core = new CoreSide(kernel, "checked");
        const { token } = model.machine.memory;
        perform(model, core, { op: "cgroup", parent: 0, hierarchy: false });
        for (let process = 0; process < PROCESSES; process++) {
          perform(model, core, { op: "spawn", cgroup: process % 2 });
          for (const operation of laid(process)) perform(model, core, operation);
        }
        for (const { process, reads, before } of bursts) {
          for (const operation of happening(before, process)) perform(model, core, operation);
          for (let i = 0; i < reads; i++) {
            const { holder, agedAt } = token;
            perform(model, core, { op: "swap-out", process, address, length: PAGE });
            perform(model, core, { op: "read", process, address });
            if (token.holder !== holder && holder !== null) seen.holders++;
            else if (token.agedAt !== agedAt) seen.agings++;
          }
          for (const number of model.processes.keys()) {
            expect(coreProcessState(core, number)).toEqual(modelProcessState(model, number));
          }
        }
        expect(kernel.verify()).toEqual([]);
      }),
      {
        numRuns: Math.max(12, Math.ceil(size.operations / (PER_BURST * BURSTS) / 10)),
        seed: size.seed,
        endOnFailure: true,
      },
    );
    expect(seen.holders).toBeGreaterThan(0);
    expect(seen.agings).toBeGreaterThan(0);
    kernel.dispose();
  },
  size.patience,
);
