// Random operations on huge pages of the pool, against the naive model of them alone (test/model/hugetlb.ts), in all
// three builds, with both indexes and on both kinds of machines.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKernel, type Arch, type Switches } from "../../bindings/index.js";
import { huge, hugeChoices, Pair } from "./hugetlb-pair.js";
import { size } from "./size.js";

/** Longest sequence. */
const LENGTH = 200;

interface HugeMachineOptions extends Pick<Partial<Switches>, "hugetlbPgoff"> {
  readonly anonIndex: Switches["anonIndex"];
  readonly arch: Arch;
  readonly vmaAddress: Switches["vmaAddress"];
  readonly cgroups: readonly string[];
}

/**
 * The tree once as v3.7 has it, which stops at a page whose index leads to a wrong VMA, and once passing over that one;
 * and with the repair, which finds all.
 * In memory cgroups there is room for nothing: whatever is charged is noticed.
 */
const machines = [
  { anonIndex: "list", arch: "x86-64", vmaAddress: "checked", cgroups: ["a", "b"] },
  { anonIndex: "interval-tree", arch: "x86-64", vmaAddress: "asserted", cgroups: [] },
  { anonIndex: "list", arch: "s390x", vmaAddress: "checked", cgroups: [] },
  { anonIndex: "interval-tree", arch: "s390x", vmaAddress: "checked", cgroups: ["a", "b"] },
  {
    ...{ anonIndex: "interval-tree", arch: "x86-64", vmaAddress: "asserted", cgroups: [] },
    hugetlbPgoff: "small-pages",
  },
  {
    ...{ anonIndex: "list", arch: "s390x", vmaAddress: "checked", cgroups: ["a", "b"] },
    hugetlbPgoff: "small-pages",
  },
] as const satisfies readonly HugeMachineOptions[];

/** What the size asks for is shared among the machines. */
const operations = size.operations / machines.length;

describe.each(machines)(
  "random operations on huge pages of the pool ($anonIndex, $arch, addresses $vmaAddress, asked in $hugetlbPgoff)",
  ({ cgroups: named, ...machine }: HugeMachineOptions) => {
    test.each(["release", "checked", "explore"] as const)(
      "do what the naive model does (%s)",
      async (build) => {
        const kernel = await createKernel({ build, ...machine, ...huge });
        const cgroups = named.map((name) => kernel.createCgroup(name, { limit: 0 }));
        const empty = kernel.snapshot();
        const trusts = machine.vmaAddress === "asserted";
        const converts = machine.hugetlbPgoff === "small-pages";
        const search = { converts, goesOverAll: machine.anonIndex === "list", trusts };
        let performed = 0;
        fc.assert(
          fc.property(hugeChoices(LENGTH), (choices) => {
            kernel.restore(empty);
            new Pair(kernel, search, cgroups).play(choices);
            performed += choices.length;
          }),
          {
            numRuns: Math.ceil((2 * operations) / LENGTH),
            seed: size.seed,
            endOnFailure: false,
          },
        );
        expect(performed).toBeGreaterThan(operations * 0.8);
        kernel.dispose();
      },
      size.patience,
    );
  },
);
