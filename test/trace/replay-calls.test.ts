import { describe, expect, test } from "vitest";
import type { ReplayResult } from "../../bindings/trace/replay.js";
import { replayCalls } from "./snippet.js";

const RW_ANON = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";

function expectSame(result: ReplayResult): void {
  expect(result.maps.details).toEqual([]);
  expect(result.maps.differences).toBe(0);
  expect(result.maps.snapshots).toBeGreaterThan(0);
  expect(result.refused).toEqual({ count: 0, details: [] });
  expect(result.notReplayed).toEqual({});
  expect(result.violations).toEqual([]);
  expect(result.assumed.ranges).toBe(0);
}

describe("the calls of a process leave the ranges that the live kernel shows", () => {
  test("mmap, mprotect, munmap", async () => {
    const result = await replayCalls(
      `mmap(NULL, 20480, ${RW_ANON}) = 0x10000000 <0.1>
       mprotect(0x10001000, 4096, PROT_NONE) = 0
       pkey_mprotect(0x10002000, 100, PROT_READ|PROT_EXEC, 1) = 0
       munmap(0x10004000, 1) = 0`,
      `10000000-10001000 rw-p 00000000 00:00 0
       10001000-10002000 ---p 00000000 00:00 0
       10002000-10003000 r-xp 00000000 00:00 0
       10003000-10004000 rw-p 00000000 00:00 0`,
    );
    expectSame(result);
    expect(result.operations).toMatchObject({ mmap: 1, mprotect: 1, pkey_mprotect: 1, munmap: 1 });
    expect(result.splits).toBeGreaterThan(0);
  });

  test("numbers in place of names, comments, and flags nobody knows", async () => {
    expectSame(
      await replayCalls(
        `mmap(NULL, 0x2000, 0x3 /* PROT_READ|PROT_WRITE */, 0x22|MAP_BRANDNEW, -1, 0) = 0x10000000`,
        `10000000-10002000 rw-p 00000000 00:00 0`,
      ),
    );
  });

  test("files: private and shared, by resolved path, several opens, dup, close, deleted", async () => {
    expectSame(
      await replayCalls(
        `openat(AT_FDCWD</srv>, "lib.so", O_RDONLY|O_CLOEXEC) = 3</usr/lib/lib.so.1>
         mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_DENYWRITE, 3</usr/lib/lib.so.1>, 0) = 0x10000000
         close(3</usr/lib/lib.so.1>) = 0
         open("/tmp/db", O_RDWR|O_CREAT|O_EXCL, 0600) = 3</tmp/db>
         dup2(3</tmp/db>, 9) = 9</tmp/db>
         close(3</tmp/db>) = 0
         ftruncate(9</tmp/db>, 16384) = 0
         unlink("/tmp/db") = 0
         mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED_VALIDATE|MAP_SYNC, 9</tmp/db>(deleted), 0x1000) = 0x10002000`,
        `10000000-10002000 r--p 00000000 fe:00 9 /usr/lib/lib.so.1
         10002000-10006000 rw-s 00001000 fe:00 10 /tmp/db (deleted)`,
      ),
    );
  });

  test("a capture without paths takes them from the arguments and learns the links", async () => {
    expectSame(
      await replayCalls(
        `open("/lib/x.so", O_RDONLY) = 3
         mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x10000000`,
        `10000000-10001000 r--p 00000000 fe:00 9 /usr/lib/x.so`,
      ),
    );
  });

  test("a descriptor from a call that is not captured", async () => {
    expectSame(
      await replayCalls(
        `mmap(NULL, 4096, PROT_READ, MAP_SHARED, 7</etc/passed>, 0) = 0x10000000
         mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, 8<anon_inode:[io_uring]>, 0x8000000) = 0x10001000`,
        `10000000-10001000 r--s 00000000 fe:00 9 /etc/passed
         10001000-10003000 rw-s 08000000 00:0e 9 anon_inode:[io_uring]`,
      ),
    );
  });

  test("a renamed file", async () => {
    expectSame(
      await replayCalls(
        `openat(AT_FDCWD</srv>, "temp-1.rdb", O_RDWR|O_CREAT, 0644) = 3</srv/temp-1.rdb>
         mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</srv/temp-1.rdb>, 0) = 0x10000000
         renameat2(AT_FDCWD</srv>, "temp-1.rdb", AT_FDCWD</srv>, "dump.rdb", 0) = 0`,
        `10000000-10001000 r--s 00000000 fe:00 9 /srv/dump.rdb`,
      ),
    );
  });

  test("mremap: in place, shrunk, moved, onto a place, of several VMAs, leaving the old", async () => {
    expectSame(
      await replayCalls(
        `mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
         mremap(0x10000000, 4096, 12288, 0) = 0x10000000
         mremap(0x10000000, 12288, 8192, 0) = 0x10000000
         mremap(0x10000000, 8192, 16384, MREMAP_MAYMOVE) = 0x11000000
         mmap(0x12000000, 8192, ${RW_ANON}) = 0x12000000
         mprotect(0x12001000, 4096, PROT_READ) = 0
         mremap(0x12000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x13000000) = 0x13000000
         mmap(0x14000000, 8192, ${RW_ANON}) = 0x14000000
         mremap(0x14000000, 8192, 8192, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, 0) = 0x15000000`,
        `11000000-11004000 rw-p 00000000 00:00 0
         13000000-13001000 rw-p 00000000 00:00 0
         13001000-13002000 r--p 00000000 00:00 0
         14000000-14002000 rw-p 00000000 00:00 0
         15000000-15002000 rw-p 00000000 00:00 0`,
        `10 2.000002500 fault(0x10001000, w, miss, user)
         10 2.000005500 fault(0x12000000, w, miss, user)
         10 2.000008500 fault(0x14000000, w, miss, user)`,
      ),
    );
  });

  test("the heap: asked for, grown, shrunk, refused", async () => {
    expectSame(
      await replayCalls(
        `brk(NULL) = 0x600400
         brk(0x622000) = 0x622000
         brk(0x700000) = 0x622000
         brk(0x610001) = 0x610001`,
        `00601000-00611000 rw-p 00000000 00:00 0 [heap]`,
        `10 2.000002500 fault(0x601000, w, miss, user)`,
      ),
    );
  });

  test("a heap whose beginning nothing tells, and one that prctl moves", async () => {
    expectSame(
      await replayCalls(
        `brk(0x600000) = 0x600000
         brk(0x602000) = 0x602000
         prctl(PR_SET_MM, PR_SET_MM_BRK, 0x800000, 0, 0) = 0
         brk(0x801000) = 0x801000`,
        `00600000-00602000 rw-p 00000000 00:00 0
         00800000-00801000 rw-p 00000000 00:00 0 [heap]`,
      ),
    );
  });

  test("System V shared memory", async () => {
    expectSame(
      await replayCalls(
        `shmget(IPC_PRIVATE, 10000, IPC_CREAT|0600) = 5
         shmat(5, NULL, 0) = 0x10000000
         shmctl(5, IPC_RMID, NULL) = 0
         shmget(0x1234, 4096, 0) = 6
         shmat(6, NULL, SHM_RDONLY) = 0x10003000
         shmat(6, NULL, 0) = 0x10004000
         shmget(0x77, 0, 0) = 7
         shmctl(7, IPC_STAT, {shm_perm={uid=0, gid=0, mode=0600}, shm_segsz=8192, shm_nattch=0}) = 0
         shmat(7, NULL, 0) = 0x10006000
         shmdt(0x10004000) = 0
         munmap(0x10001000, 4096) = 0`,
        `10000000-10001000 rw-s 00000000 00:01 9 /SYSV00000000 (deleted)
         10002000-10003000 rw-s 00002000 00:01 9 /SYSV00000000 (deleted)
         10003000-10004000 r--s 00000000 00:01 10 /SYSV00001234
         10006000-10008000 rw-s 00000000 00:01 11 /SYSV00000077`,
      ),
    );
  });

  test("memfds: two of one name are two files", async () => {
    const result = await replayCalls(
      `memfd_create("buf", MFD_CLOEXEC|MFD_ALLOW_SEALING) = 3</memfd:buf>(deleted)
       ftruncate(3</memfd:buf>(deleted), 8192) = 0
       mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED, 3</memfd:buf>(deleted), 0) = 0x10000000
       memfd_create("buf", 0) = 4</memfd:buf (deleted)>
       fallocate(4</memfd:buf (deleted)>, 0, 0, 4096) = 0
       mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 4</memfd:buf (deleted)>, 0) = 0x10002000
       fallocate(3</memfd:buf>(deleted), FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4096) = 0
       madvise(0x10001000, 4096, MADV_REMOVE) = 0`,
      `10000000-10002000 rw-s 00000000 00:01 9 /memfd:buf (deleted)
       10002000-10003000 rw-s 00000000 00:01 10 /memfd:buf (deleted)`,
      `10 2.000006100 fault(0x10000000, w, miss, user)
       10 2.000006200 fault(0x10001000, w, miss, user)
       10 2.000006300 fault(0x10002000, w, miss, user)`,
    );
    expectSame(result);
    expect(result.faults.replayed).toBe(3);
  });

  test("shared anonymous memory, /dev/zero, huge pages, shadow stacks, asynchronous I/O rings", async () => {
    expectSame(
      await replayCalls(
        `mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x10000000
         munmap(0x10000000, 4096) = 0
         mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = 0x10002000
         mmap(NULL, 1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = 0x20000000
         mmap(NULL, 1000, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|30<<MAP_HUGE_SHIFT, -1, 0) = 0x40000000
         map_shadow_stack(NULL, 8192, 0) = 0x30000000
         io_setup(128, [0x31000000]) = 0
         io_setup(1, [0x32000000]) = 0
         io_destroy(0x32000000) = 0`,
        `10001000-10002000 rw-s 00001000 00:01 9 /dev/zero (deleted)
         10002000-10003000 rw-s 00000000 00:01 10 /dev/zero (deleted)
         20000000-20200000 rw-p 00000000 00:0f 9 /anon_hugepage (deleted)
         30000000-30002000 rw-p 00000000 00:00 0
         31000000-31003000 rw-s 00000000 00:10 9 /[aio] (deleted)
         40000000-80000000 rw-p 00000000 00:0f 10 /anon_hugepage (deleted)`,
      ),
    );
  });

  test("mappings that grow down", async () => {
    expectSame(
      await replayCalls(
        `mmap(0x10010000, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN, -1, 0) = 0x10010000
         mprotect(0x10010000, 4096, PROT_READ|PROT_WRITE|PROT_EXEC|PROT_GROWSDOWN) = 0`,
        `1000f000-10011000 rwxp 00000000 00:00 0`,
        `10 2.000001500 fault(0x1000f000, w, miss, user)`,
      ),
    );
  });

  test("remap_file_pages", async () => {
    expectSame(
      await replayCalls(
        `open("/tmp/db", O_RDWR) = 3</tmp/db>
         mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, 3</tmp/db>, 0) = 0x10000000
         remap_file_pages(0x10001000, 4096, 0, 3, 0) = 0`,
        `10000000-10001000 rw-s 00000000 fe:00 10 /tmp/db
         10001000-10002000 rw-s 00003000 fe:00 10 /tmp/db
         10002000-10004000 rw-s 00002000 fe:00 10 /tmp/db`,
      ),
    );
  });

  test("advice makes pages present, drops them, or does nothing", async () => {
    const result = await replayCalls(
      `mmap(NULL, 16384, ${RW_ANON}) = 0x10000000
       madvise(0x10000000, 16384, MADV_POPULATE_WRITE) = 0
       madvise(0x10000000, 4096, MADV_DONTNEED) = 0
       madvise(0x10001000, 4096, MADV_FREE) = 0
       madvise(0x10001000, 4096, MADV_HUGEPAGE) = 0
       process_madvise(6<anon_inode:[pidfd]>, [{iov_base=0x10002000, iov_len=4096}], 1, MADV_DONTNEED, 0) = 4096
       mseal(0x10000000, 4096, 0) = 0`,
      `10000000-10004000 rw-p 00000000 00:00 0`,
    );
    expectSame(result);
    expect(result.populated.pages).toBe(4);
  });

  test("advice about huge pages cuts and joins VMAs, and is no error where it holds", async () => {
    // As Linux 6.18 shows the same calls in /proc/PID/maps.
    const result = await replayCalls(
      `mmap(NULL, 16384, ${RW_ANON}) = 0x10000000
       madvise(0x10001000, 4096, MADV_HUGEPAGE) = 0
       madvise(0x10001000, 4096, MADV_HUGEPAGE) = 0
       madvise(0x10002000, 4096, MADV_NOHUGEPAGE) = 0
       madvise(0x10001000, 4096, MADV_NOHUGEPAGE) = 0`,
      `10000000-10001000 rw-p 00000000 00:00 0
       10001000-10003000 rw-p 00000000 00:00 0
       10003000-10004000 rw-p 00000000 00:00 0`,
    );
    expectSame(result);
    expect(result.maps.boundaries).toBe(0);
  });

  test("a failed call leaves nothing, but for what mprotect did before it failed", async () => {
    const result = await replayCalls(
      `mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
       mmap(NULL, 8192, ${RW_ANON}) = -1 ENOMEM (Cannot allocate memory)
       mprotect(0x10001000, 8192, PROT_READ) = -1 ENOMEM (Cannot allocate memory)
       munmap(0x10000001, 4096) = -1 EINVAL (Invalid argument)`,
      `10000000-10001000 rw-p 00000000 00:00 0
       10001000-10002000 r--p 00000000 00:00 0`,
    );
    expectSame(result);
    expect(result.failed).toBe(2);
  });
});

describe("what cannot be replayed", () => {
  test("is counted by name", async () => {
    const { notReplayed } = await replayCalls(
      `frobnicate(1) = 0
       frobnicate(1) = -1 ENOSYS (Function not implemented)
       arch_prctl(ARCH_SHSTK_ENABLE, 0x1) = 0
       arch_prctl(ARCH_SET_FS, 0x7f0000) = 0
       syscall_0x1ff(0x1, 0x2) = 0`,
      "",
    );
    expect(notReplayed).toEqual({
      "arch_prctl ARCH_SHSTK_ENABLE": 1,
      frobnicate: 1,
      syscall_0x1ff: 1,
    });
  });

  test("shows as a difference, with both sides", async () => {
    const { maps } = await replayCalls(
      `mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
       mmap(NULL, 8192, ${RW_ANON}) = 0x20000000`,
      `10000000-10001000 rw-p 00000000 00:00 0
       30000000-30001000 r--p 00000000 00:00 0`,
    );
    expect(maps).toMatchObject({ compared: 4, differences: 3 });
    expect(maps.details.map(({ captured, replayed }) => [captured, replayed])).toEqual([
      ["10000000-10001000 rw-p 00000000", "10000000-10002000 rw-p 00000000"],
      [null, "20000000-20002000 rw-p 00000000"],
      ["30000000-30001000 r--p 00000000", null],
    ]);
  });

  test("a result other than the captured one is told", async () => {
    const { refused } = await replayCalls(
      `mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
       mprotect(0x10001000, 4096, PROT_READ) = 0`,
      `10000000-10001000 rw-p 00000000 00:00 0`,
    );
    expect(refused.count).toBe(1);
    expect(refused.details[0]).toMatchObject({
      operation: "mprotect",
      captured: "0x0",
      replayed: "ENOMEM",
    });
  });
});
