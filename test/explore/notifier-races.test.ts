// What changes a page table meets those who keep a table of their own (race.ts): no client shows a page that the
// page table has lost, whichever comes first.

import { expect } from "vitest";
import type { ClientModel, KernelOptions, MmuNotifier, Process } from "../../bindings/index.js";
import { BASE, fill, type Ground, mapFile, PAGE, share } from "./ground.js";
import { race, type Paths } from "./race.js";

/** Where clients are told, and who can be: what sleeps must not be told under the page-table lock. */
const kernels: readonly (readonly [string, KernelOptions, readonly ClientModel[]])[] = [
  ["", {}, ["kvm", "rdma"]],
  [", told under the page-table lock", { notifierCalls: "under-ptl" }, ["kvm"]],
  [", told of ranges", { invalidatePage: "range" }, ["kvm", "rdma"]],
];

/** What the device reads is what the process reads, where it may. */
function agree(device: MmuNotifier, process: Process, pages: number): () => void {
  return () => {
    if (!device.registered) return;
    for (let i = 0; i < pages; i++) {
      const address = BASE + i * PAGE;
      if (process.vmaAt(address)?.prot === undefined) continue;
      expect(device.read(address)).toBe(process.read(address));
    }
  };
}

function attach(process: Process, model: ClientModel): MmuNotifier {
  const device = process.registerNotifier({ model });
  device.read(BASE);
  return device;
}

/** A page that a process and its child share, old, and a device of the process. */
function sharing(ground: Ground, model: ClientModel) {
  const { child, page } = share(ground);
  const device = ground.a.registerNotifier({ model });
  return { child, page, device, look: agree(device, ground.a, 4) };
}

for (const [where, options, models] of kernels)
  for (const model of models) meetings(model, where, options);

function meetings(model: ClientModel, where: string, options: KernelOptions): void {
  const meet = (name: string, setUp: (ground: Ground) => Paths): void => {
    race(`${model}${where}: ${name}`, setUp, options);
  };

  meet("a device's read and an unmap", (ground) => {
    fill(ground.a, 4);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.munmap(ground.a, BASE, 2 * PAGE),
      agree(device, ground.a, 4),
    ];
  });

  meet("a device's write and MADV_DONTNEED", (ground) => {
    fill(ground.a, 4);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.madvise(ground.a, BASE, 2 * PAGE, "dontneed"),
      agree(device, ground.a, 4),
    ];
  });

  meet("a device's write and a fork", (ground) => {
    fill(ground.a, 4);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.fork(ground.a),
      agree(device, ground.a, 4),
    ];
  });

  meet("a device's read and the process's copy on write", (ground) => {
    const { device, look } = sharing(ground, model);
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.write(ground.a, BASE + PAGE, 5),
      look,
    ];
  });

  meet("a device's copy on write and another thread's", (ground) => {
    const { device, look } = sharing(ground, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.write(ground.a, BASE + PAGE, 6),
      look,
    ];
  });

  meet("a device's read and a migration", (ground) => {
    const { device, page, look } = sharing(ground, model);
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.migratePage(page),
      look,
    ];
  });

  meet("a device's write and a reclaim", (ground) => {
    const { device, page, look } = sharing(ground, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.shrinkPage(page, { force: true }),
      look,
    ];
  });

  meet("two accesses of a device, and a reclaim between", (ground) => {
    const { device, page, look } = sharing(ground, model);
    device.write(BASE, 1);
    return [
      (batch) => {
        batch.deviceRead(device, BASE + PAGE);
        batch.deviceRead(device, BASE + PAGE);
      },
      (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
      look,
    ];
  });

  meet("a device's write and a cleaning of the page", (ground) => {
    const file = mapFile(ground, true);
    ground.a.write(BASE, 1);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceWrite(device, BASE, 5),
      (batch) => batch.writeback(file),
      agree(device, ground.a, 1),
    ];
  });

  meet("a device's read and a truncation", (ground) => {
    const file = mapFile(ground, true);
    ground.a.read(BASE + PAGE);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.truncate(file, 1),
      agree(device, ground.a, 1),
    ];
  });

  meet("a device's read and a move", (ground) => {
    fill(ground.a, 4);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.mremap(ground.a, BASE, 2 * PAGE, 2 * PAGE, { to: BASE + 64 * PAGE }),
      agree(device, ground.a, 4),
    ];
  });

  meet("a device's write and an mprotect", (ground) => {
    fill(ground.a, 4);
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.mprotect(ground.a, BASE, 4 * PAGE, "r"),
      agree(device, ground.a, 4),
    ];
  });

  meet("a device's write and a merge of KSM", (ground) => {
    fill(ground.a, 4);
    for (let i = 0; i < 2; i++) ground.a.write(BASE + i * PAGE, 7);
    ground.a.madvise(BASE, 4 * PAGE, "mergeable");
    ground.scheduler.kernel.ksm.scan();
    const device = attach(ground.a, model);
    return [
      (batch) => batch.deviceWrite(device, BASE + PAGE, 5),
      (batch) => batch.ksmScan(),
      agree(device, ground.a, 4),
    ];
  });

  meet("a merge of KSM, of which the device is told, and a write", (ground) => {
    const thread = ground.a.fork({ shareMemory: true });
    fill(ground.a, 4);
    for (let i = 0; i < 2; i++) ground.a.write(BASE + i * PAGE, 7);
    ground.a.madvise(BASE, 4 * PAGE, "mergeable");
    ground.scheduler.kernel.ksm.scan();
    const device = attach(ground.a, model);
    return [
      (batch) => batch.ksmScan(),
      (batch) => batch.write(thread, BASE + PAGE, 5),
      () => {
        expect(ground.a.read(BASE + PAGE)).toBe(5);
        expect(device.read(BASE)).toBe(7);
      },
    ];
  });

  meet("two faults of one device", (ground) => {
    fill(ground.a, 4);
    const device = ground.a.registerNotifier({ model });
    return [
      (batch) => batch.deviceRead(device, BASE + PAGE),
      (batch) => batch.deviceWrite(device, BASE + 2 * PAGE, 5),
      agree(device, ground.a, 4),
    ];
  });

  meet("a registration and an unmap", (ground) => {
    fill(ground.a, 4);
    return [
      (batch) => batch.registerNotifier(ground.a, { model }),
      (batch) => batch.munmap(ground.a, BASE, 2 * PAGE),
    ];
  });

  meet("a registration and a truncation of what is mapped", (ground) => {
    const file = mapFile(ground, true);
    ground.a.read(BASE + PAGE);
    return [
      (batch) => batch.registerNotifier(ground.a, { model }),
      (batch) => batch.truncate(file, 0),
    ];
  });

  meet("a registration and a reclaim", (ground) => {
    const { page } = share(ground);
    return [
      (batch) => batch.registerNotifier(ground.a, { model }),
      (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
    ];
  });

  meet("registrations of two families' members", (ground) => {
    const { child } = share(ground);
    return [
      (batch) => batch.registerNotifier(ground.a, { model }),
      (batch) => batch.registerNotifier(child, { model }),
    ];
  });

  meet("an unregistration and a reclaim", (ground) => {
    const { device, page, look } = sharing(ground, model);
    device.read(BASE + PAGE);
    return [
      (batch) => batch.unregisterNotifier(device),
      (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
      look,
    ];
  });

  meet("an unregistration and a device's read", (ground) => {
    const { device, look } = sharing(ground, model);
    return [
      (batch) => batch.unregisterNotifier(device),
      (batch) => batch.deviceRead(device, BASE + PAGE),
      look,
    ];
  });

  meet("an exit and a reclaim", (ground) => {
    const { device, page } = sharing(ground, model);
    device.read(BASE + PAGE);
    return [
      (batch) => batch.exit(ground.a),
      (batch) => batch.tryToUnmap(page, { ignoreAccess: true }),
    ];
  });

  meet("an exit and a device's write", (ground) => {
    const { device } = sharing(ground, model);
    return [(batch) => batch.exit(ground.a), (batch) => batch.deviceWrite(device, BASE + PAGE, 5)];
  });
}
