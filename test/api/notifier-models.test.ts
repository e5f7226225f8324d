// The two clients that the core has, and their own tables.

import { describe, expect, test } from "vitest";
import { at, codeOf, expectHealthy, lay, PAGE, pageAt } from "./ground.js";
import { faultsOf, fill, machine, swapOut } from "./machine.js";
import { client, shown } from "./notifier-log.js";

describe.each(["kvm", "rdma"] as const)("%s", (model) => {
  test("reads and writes the process's memory through its own table", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const device = client(process, model);
    expect(device.read(at(0) + 8)).toBe(100);
    device.write(at(0), 7);
    expect(process.read(at(0))).toBe(7);
    process.write(at(0), 8);
    expect(device.read(at(0))).toBe(8);
    expectHealthy(kernel);
  });

  test("faults in what it has not, once", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1);
    const device = client(process, model);
    expect(faultsOf(kernel, () => device.read(at(0)))).toBe(1);
    expect(device.pages()).toMatchObject([{ frame: -1, writable: false }]);
    expect(faultsOf(kernel, () => device.write(at(0), 3))).toBe(1);
    expect(faultsOf(kernel, () => device.write(at(0), 4))).toBe(0);
    expect(device.read(at(0))).toBe(4);
    expect(process.read(at(0))).toBe(4);
    expectHealthy(kernel);
  });

  test("holds no page: what it shows can be reclaimed, and comes back", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const device = client(process, model);
    device.write(at(0), 5);
    expect(pageAt(process, 0).refcount).toBe(1);
    swapOut(kernel, process, [0]);
    expect(device.pages()).toEqual([]);
    expect(device.read(at(0))).toBe(5);
    expectHealthy(kernel);
  });

  test("is out of the way of every change", async () => {
    const { kernel, process } = await machine();
    const file = kernel.createFile({ pages: 4 });
    const device = client(process, model);
    const change = (action: () => void): string[] => {
      lay(process, 0, 1);
      lay(process, 8, 1, { file, shared: true });
      device.write(at(0), 1);
      device.write(at(8), 1);
      action();
      expectHealthy(kernel);
      return shown(device).map((line) => line.replace("*", ""));
    };
    expect(change(() => process.munmap(at(0), PAGE))).toEqual(["8:rw"]);
    expect(change(() => process.mprotect(at(0), PAGE, "r"))).toEqual(["8:rw"]);
    expect(change(() => process.madvise(at(0), PAGE, "dontneed"))).toEqual(["8:rw"]);
    expect(change(() => void process.mremap(at(0), PAGE, PAGE, { to: at(4) }))).toEqual(["8:rw"]);
    expect(change(() => process.fork().exit())).toEqual(["8:rw"]);
    expect(change(() => void kernel.migratePage(pageAt(process, 0)))).toEqual(["8:rw"]);
    expect(change(() => void file.writeback())).toEqual(["0:rw"]);
    expect(change(() => file.truncate(0))).toEqual(["0:rw"]);
  });

  test("follows a copy on write of the process", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const device = client(process, model);
    expect(device.read(at(0))).toBe(100);
    process.write(at(0), 5);
    expect(device.read(at(0))).toBe(5);
    device.write(at(0), 6);
    expect([process.read(at(0)), child.read(at(0))]).toEqual([6, 100]);
    expectHealthy(kernel);
  });

  test("breaks a sharing by its own write, as the process would", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const child = process.fork();
    const device = client(process, model);
    device.read(at(0));
    device.write(at(0), 9);
    expect([process.read(at(0)), child.read(at(0))]).toEqual([9, 100]);
    expectHealthy(kernel);
  });

  test("can do what the process may do, and no more", async () => {
    const { kernel, process } = await machine();
    lay(process, 0, 1, { prot: "r" });
    lay(process, 2, 1, { prot: "none" });
    lay(process, 4, 2, { file: kernel.createFile({ pages: 1 }), shared: true });
    const device = client(process, model);
    const codes = [
      () => device.write(at(0), 1),
      () => device.read(at(1)),
      () => device.read(at(2)),
      () => device.read(at(5)),
      () => device.read(2 ** 47),
    ].map(codeOf);
    expect(codes).toEqual(codes.map(() => "EFAULT"));
    expect(() => device.read(at(1))).toThrow("the process can't do that");
    expect(() => device.read(-1)).toThrow("address is -1, accepted: integers from 0 to 2^53-1");
    expectHealthy(kernel);
  });

  test("a fault that finds no frame leaves everything as it was", async () => {
    const { kernel, process } = await machine({ frames: 4, swap: 0 });
    fill(process, 0, 4);
    lay(process, 600, 1);
    const device = client(process, model);
    const bytes = kernel.snapshot().image.bytes.length;
    expect(codeOf(() => device.write(at(600), 1))).toBe("ENOMEM");
    expect(device.pages()).toEqual([]);
    expect(kernel.snapshot().image.bytes.length).toBeGreaterThanOrEqual(bytes);
    expectHealthy(kernel);
  });

  test("is let go with everything in its table", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 2);
    const [one, two] = [client(process, model), client(process, model)];
    one.read(at(0));
    two.write(at(1), 5);
    one.unregister();
    expect(codeOf(() => one.read(at(0)))).toBe("ESTALE");
    expectHealthy(kernel);
    process.exit();
    expect(codeOf(() => two.read(at(0)))).toBe("ESTALE");
    expectHealthy(kernel);
  });

  test("counts the changes that it was told of", async () => {
    const { process } = await machine();
    fill(process, 0, 2);
    const device = client(process, model);
    expect([device.sequence, device.ranges]).toEqual([0, 0]);
    process.munmap(at(0), PAGE);
    expect([device.sequence, device.ranges]).toEqual([1, 0]);
  });
});

describe("kvm", () => {
  test("what a virtual machine used counts as used, until somebody asks", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const device = client(process, "kvm");
    const page = pageAt(process, 0);
    device.read(at(0));
    kernel.pageReferenced(page);
    expect(shown(device)).toEqual(["0:ro"]);
    device.read(at(0));
    expect(shown(device)).toEqual(["0:ro*"]);
    expect(kernel.pageReferenced(page)).toBe(1);
    expect(kernel.pageReferenced(page)).toBe(0);
    device.read(at(0));
    expect(kernel.tryToUnmap(page)).toBe("fail");
    expect(kernel.tryToUnmap(page)).toBe("success");
    expect(shown(device)).toEqual([]);
  });

  test("maps the one page that it needs", async () => {
    const { process } = await machine();
    fill(process, 0, 4);
    const device = client(process, "kvm");
    device.read(at(1));
    expect(shown(device)).toEqual(["1:ro*"]);
  });
});

describe("rdma", () => {
  test("maps what is present of the block of four, as it may be accessed", async () => {
    const { kernel, process } = await machine();
    fill(process, 1, 4);
    process.madvise(at(3), PAGE, "dontneed");
    const device = client(process, "rdma");
    device.read(at(2));
    expect(shown(device)).toEqual(["1:ro", "2:ro"]);
    device.write(at(4), 1);
    expect(shown(device)).toEqual(["1:ro", "2:ro", "4:rw"]);
    device.write(at(2), 1);
    expect(shown(device)).toEqual(["1:rw", "2:rw", "4:rw"]);
    expectHealthy(kernel);
  });

  test("can't tell what it used", async () => {
    const { kernel, process } = await machine();
    fill(process, 0, 1);
    const device = client(process, "rdma");
    const page = pageAt(process, 0);
    kernel.pageReferenced(page);
    device.read(at(0));
    expect(kernel.pageReferenced(page)).toBe(0);
  });
});

describe("a stack", () => {
  test("grows for a device, as it would for the process", async () => {
    const { kernel, process } = await machine();
    lay(process, 10, 2, { growsDown: true });
    const device = client(process, "kvm");
    device.write(at(8), 5);
    expect(process.read(at(8))).toBe(5);
    expect(process.vmaAt(at(8))).not.toBeNull();
    expectHealthy(kernel);
  });
});
