import { describe } from "vitest";
import { hex } from "./damage.js";
import { HEAP, workDamageTest, type WorkingMachine } from "./working-machine.js";
import { RawRecord } from "./raw-machine.js";

const PAGE = 4096;

/** KSM's records: the stable node of the shared page, and its places. */
function records({ raw, shared }: WorkingMachine) {
  const address = raw.get32(raw.frameAt("pageMapping", shared.frame)) & ~3;
  const node = new RawRecord(raw, address, "StableNode");
  const newest = node.follow("items", "RmapItem");
  return { node, newest, oldest: newest.follow("nextSharing", "RmapItem") };
}

describe("I4: KSM counts what is shared", () => {
  workDamageTest("shared pages", ({ raw }) => {
    raw.header.add("ksmPagesShared", 1);
    return ["I4 KSM counts 2 shared pages, there is 1"];
  });

  workDamageTest("places that share them", ({ raw }) => {
    raw.header.add("ksmPagesSharing", 1);
    return ["I4 KSM counts 2 places that share beside the first, there is 1"];
  });

  workDamageTest("links between its records", (machine) => {
    const { newest } = records(machine);
    newest.set("mm", newest.get("mm") + 8);
    // Nobody's address space: what else the place says is as it was.
    return [`I4 KSM's records do not agree, at ${hex(newest.get("address"))} of process 1`];
  });
});

describe("I2: a page that KSM shares can be found at its places", () => {
  workDamageTest("an entry that no place leads to is named", (machine) => {
    const { raw, process, shared } = machine;
    const { newest } = records(machine);
    const [from, to] = [newest.get("address"), HEAP + 2 * PAGE];
    const at = raw.entryAt(process, from);
    newest.set("address", to);
    raw.set64(at, raw.get64(at));
    return [
      `I4 KSM's records do not agree, at ${hex(to)} of process 1`,
      `I2 page ${shared.frame}, which KSM shares, is mapped at ${hex(from)} of process 1, which no place that KSM knows leads to`,
    ];
  });
});

describe("I10: a place pins its anon_vma while it shares", () => {
  workDamageTest("one without a pin is named", (machine) => {
    const { newest } = records(machine);
    const number = newest.follow("anonVma", "AnonVma").get("number");
    newest.set("anonVma", 0);
    return [
      `I10 the place of KSM at ${hex(newest.get("address"))} of process 1 shares without an anon_vma, or pins one without sharing`,
      `I10 anon_vma ${number} has a refcount of 3, but VMAs, 1 place of KSM that pin it and 0 children`,
      `I2 page ${machine.shared.frame}, which KSM shares, is mapped at ${hex(newest.get("address"))} of process 1, which no place that KSM knows leads to`,
    ];
  });
});
