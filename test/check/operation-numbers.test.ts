// What comes in the submission buffer and is no operation: the library never sends it, whoever embeds the core may.

import { expect, test } from "vitest";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { createKernel } from "../../bindings/index.js";
import { at, expectHealthy, lay } from "../api/ground.js";

test("a number of no operation is refused, and nothing happens", async () => {
  const kernel = await createKernel({ build: "checked", frames: 64 });
  const process = kernel.spawn();
  lay(process, 0, 2);
  process.write(at(0), 1);
  const { machine } = kernel.context;
  const vmas = process.vmas();
  const known = new Set<unknown>(Object.values(Op));
  const unknown = Array.from({ length: 128 }, (_, op) => op).filter((op) => !known.has(op));
  expect(unknown).toContain(Op.RemapFilePages + 1);
  for (const op of unknown) {
    machine.put(0, op, process.handle, at(0), 4096, 1, 2);
    expect([op, machine.submit(0, 1)]).toEqual([op, 1]);
    // Files and pages are looked up first.
    expect([-Errno.EINVAL, -Errno.ESTALE]).toContain(machine.result(0));
  }
  expect(process.vmas()).toEqual(vmas);
  expect(process.pages()).toHaveLength(1);
  expectHealthy(kernel);
  kernel.dispose();
});
