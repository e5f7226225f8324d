// Clients that are told of changes to a page table: how they come, go, and what they may do.

import { describe, expect, test } from "vitest";
import { KernelError, type NotifierOptions } from "../../bindings/index.js";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { fill, machine } from "./machine.js";
import { client, NotifierLog } from "./notifier-log.js";

describe("registration", () => {
  test("the client that came last is told first", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const told: string[] = [];
    for (const name of ["first", "second", "third"]) {
      process.registerNotifier({ invalidateRangeStart: () => told.push(name) });
    }
    process.munmap(at(0), PAGE);
    expect(told).toEqual(["third", "second", "first"]);
    expectHealthy(kernel);
  });

  test("only the address space that it was registered with is meant, and not a fork's", async () => {
    const { process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    const child = process.fork();
    log.take();
    child.munmap(at(0), PAGE);
    expect(log.take()).toEqual([]);
  });

  test("who shares the memory shares its clients", async () => {
    const { process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    const thread = process.fork({ shareMemory: true });
    thread.munmap(at(0), PAGE);
    expect(log.take()).toEqual(["start 0-1", "end 0-1"]);
    process.exit();
    expect(log.notifier.registered).toBe(true);
    thread.exit();
    expect(log.take()).toEqual(["release"]);
  });

  test("all locks of a family's memory and of its files are taken, each once, and let go", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 8 });
    fill(process, 0, 2);
    for (const i of [4, 6]) lay(process, i, 1, { file, pgoff: i });
    process.write(at(4), 1);
    const child = process.fork();
    child.write(at(0), 1);
    child.write(at(4), 2);
    client(child, "kvm");
    expectHealthy(kernel);
    child.munmap(at(0), 8 * PAGE);
    expectHealthy(kernel);
  });
});

describe("the end", () => {
  test("unregister tells release and nothing after it", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    log.notifier.unregister();
    process.munmap(at(0), PAGE);
    expect(log.take()).toEqual(["release"]);
    expect(log.notifier.registered).toBe(false);
    expect(codeOf(() => log.notifier.unregister())).toBe("ESTALE");
    expect(codeOf(() => log.notifier.ranges)).toBe("ESTALE");
    expectHealthy(kernel);
  });

  test("others stay registered, whichever of them goes", async () => {
    const { kernel, process } = await machine();
    const logs = Array.from({ length: 3 }, () => new NotifierLog(process));
    for (const gone of [1, 0, 2]) {
      logs[gone]!.notifier.unregister();
      expectHealthy(kernel);
      for (const log of logs) log.take();
      lay(process, 0, 1);
      process.munmap(at(0), PAGE);
      const told = logs.filter((log) => log.take().length > 0);
      expect(told).toEqual(logs.filter((log) => log.notifier.registered));
    }
  });

  test("exit tells release before the first page goes, to the last that came first", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const { frame } = pageAt(process, 0);
    const order: string[] = [];
    const look = (name: string) => (): void => {
      order.push(`${name} ${kernel.page(frame).mapcount}`);
    };
    process.registerNotifier({ release: look("first") });
    process.registerNotifier({ release: look("second"), invalidateRangeStart: look("range") });
    process.exit();
    expect(order).toEqual(["second 1", "first 1"]);
    expectHealthy(kernel);
  });

  test("exec releases the clients of the memory that it leaves", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const log = new NotifierLog(process);
    process.exec();
    expect(log.take()).toEqual(["release"]);
    lay(process, 0, 1);
    process.munmap(at(0), PAGE);
    expect(log.take()).toEqual([]);
    expectHealthy(kernel);
  });

  test("a snapshot brings a registration back, and its callbacks", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 2);
    const log = new NotifierLog(process);
    const before = kernel.snapshot();
    log.notifier.unregister();
    log.take();
    kernel.restore(before);
    expect(log.notifier.registered).toBe(true);
    process.munmap(at(0), PAGE);
    expect(log.take()).toEqual(["start 0-1", "end 0-1"]);
    const later = process.registerNotifier({});
    kernel.restore(before);
    expect(later.registered).toBe(false);
    expect(codeOf(() => later.unregister())).toBe("ESTALE");
  });
});

describe("callbacks", () => {
  test("may look at the machine, but a call that changes it is EBUSY", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    const seen: unknown[] = [];
    const moment = kernel.snapshot();
    const attempts = [
      () => process.write(at(1), 5),
      () => process.registerNotifier({}),
      () => kernel.createFile({ pages: 1 }),
      () => kernel.createCgroup(),
      () => kernel.batch().run(),
      () => kernel.restore(moment),
      () => kernel.dispose(),
    ];
    process.registerNotifier({
      invalidateRangeStart: (start) => {
        seen.push(process.pageAt(start)?.word, ...attempts.map(codeOf));
      },
    });
    process.munmap(at(0), PAGE);
    expect(seen).toEqual([100, ...attempts.map(() => "EBUSY")]);
    expect(process.read(at(1))).toBe(101);
    expectHealthy(kernel);
  });

  test("what one throws is thrown when the operation is done, and the machine is as without it", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    const log = new NotifierLog(process);
    process.registerNotifier({
      invalidateRangeStart: () => {
        throw new RangeError("not now");
      },
      invalidateRangeEnd: () => {
        throw new Error("nor then");
      },
    });
    expect(() => process.munmap(at(0), PAGE)).toThrow(new RangeError("not now"));
    expect(log.take()).toEqual(["start 0-1", "end 0-1"]);
    expect(process.pageAt(at(0))).toBeNull();
    expect(process.read(at(1))).toBe(101);
    expectHealthy(kernel);
  });

  test("an answer that is thrown is no", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    process.registerNotifier({
      clearFlushYoung: () => {
        throw new Error("who knows");
      },
    });
    expect(() => kernel.pageReferenced(page)).toThrow("who knows");
    expectHealthy(kernel);
  });

  test("an answer that is neither true nor false is refused, and is no", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    const callbacks: object = { clearFlushYoung: () => "x", testYoung: () => 1 };
    process.registerNotifier(callbacks);
    expect(() => kernel.pageReferenced(page)).toThrow(
      'EINVAL: what clearFlushYoung returned is "x", accepted: true, false',
    );
    expectHealthy(kernel);
  });

  test("a client that is told of no such thing is not called", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.registerNotifier({});
    const options: object = { invalidateRangeEnd: undefined };
    process.registerNotifier(options);
    kernel.pageReferenced(pageAt(process, 0));
    process.munmap(at(0), PAGE);
    expectHealthy(kernel);
  });

  test("one that may sleep is called where sleeping is allowed, at every site", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 4 });
    fill(process, 0, 4);
    lay(process, 8, 4, { file, shared: true });
    for (let i = 8; i < 12; i++) process.write(at(i), i);
    let calls = 0;
    const count = (): void => void calls++;
    process.registerNotifier({
      sleeps: true,
      invalidatePage: count,
      invalidateRangeStart: count,
      invalidateRangeEnd: count,
      release: count,
    });
    const child = process.fork();
    process.write(at(0), 5);
    kernel.migratePage(pageAt(process, 1));
    kernel.shrinkPage(pageAt(process, 2), { force: true });
    file.writeback();
    process.mprotect(at(0), PAGE, "r");
    process.mremap(at(3), PAGE, PAGE, { to: at(20) });
    file.truncate(1);
    child.exit();
    process.exit();
    expect(calls).toBeGreaterThan(12);
    expectHealthy(kernel);
  });
});

describe("a client that may sleep", () => {
  test.each(["clearFlushYoung", "changePte"] as const)("must not in %s", async (callback) => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    process.fork();
    process.registerNotifier({ sleeps: true, [callback]: () => false });
    const page = pageAt(process, 0);
    const act = (): unknown =>
      callback === "changePte" ? process.write(at(0), 5) : kernel.pageReferenced(page);
    expect(act).toThrow(/BUG: lock: .*something sleeps while the page-table lock at .* is held/);
  });
});

describe("arguments", () => {
  const cases: readonly [unknown, string][] = [
    [null, "options is null, accepted: callbacks, or an object with a model"],
    [{ model: "vfio" }, 'model is "vfio", accepted: kvm, rdma'],
    [{ release: 3 }, "release is 3, accepted: functions"],
    [{ sleeps: 1 }, "sleeps is 1, accepted: true, false"],
    [
      { model: "kvm", release: () => 0 },
      'option "release" is for callbacks, not for the kvm model',
    ],
    [{ model: "rdma", sleeps: true }, 'option "sleeps" is for callbacks, not for the rdma model'],
  ];
  test.each(cases)("registerNotifier(%o)", async (options, said) => {
    const { process } = await machine();
    expect(() => process.registerNotifier(options as NotifierOptions)).toThrow(said);
  });

  test("an unknown callback is named", async () => {
    const { process } = await machine();
    const options = { invalidateAll: () => 0 } as NotifierOptions;
    expect(() => process.registerNotifier(options)).toThrow(
      'option "invalidateAll" is unknown, accepted: model, sleeps, invalidatePage,',
    );
  });

  test("a client with callbacks has no table in the core, but finds pages", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    const { notifier } = new NotifierLog(process);
    expect(() => notifier.read(at(0))).toThrow("it has callbacks, and no table in the core");
    expect(notifier.fault(at(0))).toEqual({ frame: -1, writable: false });
    const found = notifier.fault(at(0), { write: true });
    expect(found).toEqual({ frame: pageAt(process, 0).frame, writable: true });
    expect(notifier.pages()).toEqual([]);
    expect(() => notifier.fault(at(1))).toThrow(KernelError);
    expectHealthy(kernel);
  });
});
