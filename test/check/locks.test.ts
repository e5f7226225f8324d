import { describe, expect, test } from "vitest";
import { PageFlag } from "../../assembly/abi/flag.js";
import { Doing, LockClass } from "../../assembly/locks.js";
import { KernelError } from "../../bindings/index.js";
import { Scheduler } from "../../bindings/scenario/scheduler.js";
import { RawMachine } from "./raw-machine.js";
import { DISK, HEAP, setToWork, workDamageTest, type WorkingMachine } from "./working-machine.js";
import { hex } from "./damage.js";
import { pageAt } from "./family.js";

const HELD_LOCKS = 0x6400;
/** Bytes for each actor: how many, then (address, class and doing) of each from byte 8. */
const HELD_RECORD = 192;
const PAGE = 4096;
const PTE_MIGRATION_READ = 4;

describe("I12: nobody holds anything at a quiet moment", () => {
  workDamageTest("a lock that was not let go is named", ({ raw }) => {
    raw.set32(HELD_LOCKS, 1);
    return ["I12 1 lock is still held"];
  });

  workDamageTest("an address space that is locked is named", ({ raw, process }) => {
    raw.mm(process).set("mmapSemReaders", 1);
    return ["I12 mmap_sem or page_table_lock of process 1 is still taken"];
  });

  workDamageTest("a page that is locked is named", ({ raw, process }) => {
    const { frame } = pageAt(process, HEAP + 2 * PAGE);
    const at = raw.frameAt("pageFlags", frame);
    raw.set32(at, raw.get32(at) | PageFlag.Locked);
    return [`I12 page ${frame} is still locked`];
  });
});

describe("I8: no migration entry outlives its migration", () => {
  workDamageTest("one that does is named", ({ raw, process }) => {
    const address = HEAP + 3 * PAGE;
    const { frame } = pageAt(process, address);
    raw.set64(raw.entryAt(process, address), frame * PAGE + PTE_MIGRATION_READ);
    raw.set32(raw.frameAt("pageMapcount", frame), 0xffffffff);
    raw.mm(process).add("anonRss", -1);
    raw.header.add("nrAnonPages", -1);
    return [
      `I8 the entry at ${hex(address)} of process 1 still waits for the migration of page ${frame}`,
      `I1 page ${frame} has a refcount of 1, but nothing maps it and no cache holds it`,
    ];
  });
});

describe("a violation names the two locks and what is done under each", () => {
  /** What the core says of an action while somebody holds one lock too many. */
  async function said(
    hold: LockClass,
    doing: Doing,
    act: (machine: WorkingMachine) => void,
  ): Promise<string> {
    const machine = await setToWork();
    const { raw, process } = machine;
    raw.set32(HELD_LOCKS, 1);
    raw.set32(HELD_LOCKS + 8, raw.file(process, DISK).at("treeLock"));
    raw.set32(HELD_LOCKS + 12, hold | (doing << 8));
    try {
      act(machine);
    } catch (error) {
      if (error instanceof KernelError && error.code === "BUG") {
        return error.message.replace(/0x[0-9a-f]+/g, "0x");
      }
      throw error;
    }
    return "";
  }

  test("out of order", async () => {
    const message = await said(LockClass.TreeLock, Doing.Writeback, ({ file }) => file.truncate(1));
    expect(message).toContain(
      "lock: order violated: the inode mutex at 0x (truncation or invalidation) is wanted while the " +
        "tree_lock at 0x (writeback) is held, which comes after it",
    );
  });

  test("taken twice", async () => {
    const message = await said(LockClass.InodeMutex, Doing.FileIo, ({ raw, process, file }) => {
      raw.set32(HELD_LOCKS + 8, raw.file(process, DISK).at("inodeMutex"));
      file.truncate(1);
    });
    expect(message).toContain(
      "the inode mutex at 0x (truncation or invalidation) is wanted by who holds it already: the " +
        "inode mutex at 0x (read(2) or write(2))",
    );
  });

  test("sleeping under a spinlock", async () => {
    const message = await said(LockClass.Ptl, Doing.Zap, ({ file }) => file.read(3));
    expect(message).toContain("lock: sleeps while it holds a spinlock");
    expect(message).toContain("the page-table lock at 0x (entries are taken away) is held");
  });

  test("what was being done is remembered from when the lock was taken", async () => {
    const scheduler = await Scheduler.create();
    const { kernel } = scheduler;
    const process = kernel.spawn();
    const file = kernel.createFile({ pages: 1 });
    process.mmap({ address: HEAP, length: PAGE, file, shared: true, fixed: true });
    process.read(HEAP);
    const walk = scheduler.actor("walk", (batch) => batch.pageReferenced(pageAt(process, HEAP)));
    const raw = new RawMachine(kernel);
    const held = HELD_LOCKS + walk.number * HELD_RECORD;
    // Behind the page's lock comes i_mmap_mutex, and then the page-table lock: as if they were in disorder.
    while (raw.get32(held) < 2) scheduler.step(walk);
    const second = held + 20;
    expect(raw.get32(second) & 0xff).toBe(Number(LockClass.IMmapMutex));
    raw.set32(second, (raw.get32(second) & ~0xff) | LockClass.TreeLock);
    expect(() => scheduler.finish(walk)).toThrow(
      /the page-table lock at 0x[0-9a-f]+ \(a walk looks at an entry\) is wanted while the tree_lock at 0x[0-9a-f]+ \(page_referenced\) is held/,
    );
  });

  test("waiting for ever", async () => {
    const { raw, process } = await setToWork();
    raw.mm(process).set("mmapSemWriter", 9);
    expect(() => process.munmap(HEAP, PAGE)).toThrow(
      /the mmap_sem at 0x[0-9a-f]+ \(a system call changes the address space\) is wanted, and who holds it will never let go/,
    );
  });

  test("still held when the operation ends", async () => {
    const message = await said(LockClass.InodeMutex, Doing.FileIo, ({ process }) =>
      process.read(HEAP),
    );
    expect(message).toContain("still held at the end of the operation");
  });
});
