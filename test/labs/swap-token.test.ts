// The swap token's lab on the naive model, which has reclaim, swap and the token in plain objects: what the lab expects
// is what the model comes to as well.

import { expect, test } from "vitest";
import { LOAD, thrash, type ThrashGround } from "../../bindings/labs/thrashing.js";
import { swapToken } from "../../bindings/labs/swap-token.js";
import { TOKEN_STORY } from "../../bindings/labs/token-line.js";
import { newcomer } from "../model/swap-token.js";
import { ModelSide } from "../property/model-side.js";
import { ARENA_PAGE, PAGE, type Operation } from "../property/operation.js";

const NAMES = ["A", "B", "C"];
const address = (page: number): number => (ARENA_PAGE + page) * PAGE;

function expectedOf(scenario: string) {
  return swapToken.scenarios.find(({ name }) => name === scenario)!.expected;
}

function perform(model: ModelSide, operation: Operation): void {
  expect([operation, model.perform(operation)]).not.toContain("ENOMEM");
}

function modelWith(token: "on" | "off", pages: number): ModelSide {
  const model = new ModelSide({ swap: 1000, swapToken: token });
  perform(model, { op: "cgroup", parent: 0, hierarchy: false });
  for (const process of NAMES.keys()) {
    perform(model, { op: "spawn", cgroup: 1 });
    perform(model, {
      ...{ op: "mmap", process, address: address(0), length: pages * PAGE, prot: "rw" },
      ...{ shared: false, file: null, pgoff: 0, fixed: true, noReserve: false, locked: false },
      ...{ growsDown: false, stackSetup: false },
    });
  }
  return model;
}

function holderOf(model: ModelSide): number | null {
  const { holder } = model.machine.memory.token;
  const found = model.processes.findIndex((one) => one.alive && one.space === holder);
  return found < 0 ? null : found;
}

function groundOf(model: ModelSide): ThrashGround {
  const { events, token } = model.machine.memory;
  return {
    touch(process, page) {
      const before = events.pswpin;
      perform(model, { op: "read", process, address: address(page) });
      return events.pswpin > before;
    },
    wait: (process) => perform(model, { op: "hold", process }),
    goOn: (process) => perform(model, { op: "let-go", process }),
    exit: (process) => perform(model, { op: "exit", process }),
    token: () => ({
      holder: holderOf(model),
      priorities: model.processes.map((one) => (one.alive ? one.space.standing.priority : 0)),
      agedAt: token.agedAt,
    }),
  };
}

test.each(["before", "after"] as const)("three processes that thrash, %s", (side) => {
  const model = modelWith(side === "before" ? "on" : "off", LOAD.pages);
  perform(model, { op: "limit", cgroup: 1, pages: LOAD.memory });
  for (let page = 0; page < LOAD.pages; page++) {
    for (const process of NAMES.keys()) {
      perform(model, { op: "write", process, address: address(page), word: page + 1 });
    }
  }
  const { readsOf, moments } = thrash(groundOf(model));
  const news = moments.flatMap((moment) => moment.news ?? []);
  const taken = news.filter(({ kind }) => kind === "taken");
  expect({
    readsFromSwap: readsOf[0]! + readsOf[1]! + readsOf[2]!,
    readsOfA: readsOf[0],
    readsOfB: readsOf[1],
    readsOfC: readsOf[2],
    tokenHolders: taken.map(({ process }) => NAMES[process]).join(" ") || "nobody",
    timesHalved: news.filter(({ kind }) => kind === "halved").length,
  }).toEqual(expectedOf("thrashing")[side]);
});

test("the rules of the token one by one", () => {
  const model = modelWith("on", 1);
  const { token } = model.machine.memory;
  const holders: string[] = [];
  let halved = 0;
  const happens = (operations: Operation[]): void => {
    const { agedAt, holder } = token;
    for (const operation of operations) perform(model, operation);
    if (token.holder === holder && token.agedAt !== agedAt) halved++;
    const now = holderOf(model);
    const name = now === null ? "nobody" : NAMES[now]!;
    if (holders.at(-1) !== name) holders.push(name);
  };
  for (const process of NAMES.keys()) {
    perform(model, { op: "write", process, address: address(0), word: 1 });
  }
  const read = (process: number): Operation[] => [
    { op: "swap-out", process, address: address(0), length: PAGE },
    { op: "read", process, address: address(0) },
  ];
  for (const part of TOKEN_STORY) {
    if ("reads" in part) for (const name of part.reads) happens(read(NAMES.indexOf(name)));
    else if (part.happens === "B exits") happens([{ op: "exit", process: 1 }]);
    else happens([{ op: "reclaim", pages: 1000, kind: "background", cgroup: null, by: null }]);
  }
  const states = model.processes.map((one) => (one.alive ? one.space.standing : newcomer()));
  expect({
    readsFromSwap: token.reads,
    tokenHolders: holders.join(" "),
    timesHalved: halved,
    lastPriorities: states.map(({ priority }, i) => `${NAMES[i]!} ${priority}`).join(", "),
    lastIntervals: states.map(({ interval }, i) => `${NAMES[i]!} ${interval}`).join(", "),
  }).toEqual(expectedOf("rules").before);
});
