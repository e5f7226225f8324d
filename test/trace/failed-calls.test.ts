// Calls that failed, and numbers that no program can map: what Linux leaves behind.

import { expect, test } from "vitest";
import { replayCalls } from "./snippet.js";

const RW = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";

/** The snapshot agrees, and nothing went otherwise or was left out. */
async function expectLeft(calls: string, mapped: string): Promise<void> {
  const result = await replayCalls(calls, mapped);
  expect(result.maps.details).toEqual([]);
  expect(result.refused.count).toBe(0);
  expect(result.notReplayed).toEqual({});
}

test.each([
  "mprotect(0x10000000, 4096, PROT_NONE|0x10) = -1 EINVAL (Invalid argument)",
  "mprotect(0x10000000, 4096, PROT_NONE|PROT_GROWSDOWN) = -1 EINVAL (Invalid argument)",
  "pkey_mprotect(0x10000000, 4096, PROT_NONE, 5) = -1 EINVAL (Invalid argument)",
  "mprotect(0x10000000, 4096, PROT_NONE) = -1 EPERM (Operation not permitted)",
  "mprotect(0xffffffffff600000, 4096, PROT_NONE) = -1 ENOMEM (Cannot allocate memory)",
  "madvise(0x10000000, 18446744073709551615, MADV_DONTFORK) = -1 EINVAL (Invalid argument)",
])("leaves everything as it was: %s", async (call) => {
  await expectLeft(
    `mmap(NULL, 8192, ${RW}) = 0x10000000
     ${call}`,
    "10000000-10002000 rw-p 00000000 00:00 0",
  );
});

test("mprotect that met a hole has changed what is before it", async () => {
  await expectLeft(
    `mmap(NULL, 8192, ${RW}) = 0x10000000
     mprotect(0x10001000, 8192, PROT_READ) = -1 ENOMEM (Cannot allocate memory)`,
    `10000000-10001000 rw-p 00000000 00:00 0
     10001000-10002000 r--p 00000000 00:00 0`,
  );
});

test("mprotect that met a file opened to be read has changed what is before it", async () => {
  await expectLeft(
    `openat(AT_FDCWD</srv>, "/ro", O_RDONLY) = 3</ro>
     mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10000000
     mmap(0x10001000, 4096, PROT_READ, MAP_SHARED|MAP_FIXED, 3</ro>, 0) = 0x10001000
     mprotect(0x10000000, 8192, PROT_READ|PROT_WRITE) = -1 EACCES (Permission denied)`,
    `10000000-10001000 rw-p 00000000 00:00 0
     10001000-10002000 r--s 00000000 fe:00 9 /ro`,
  );
});

test("a file may be made as large as a file can be", async () => {
  await expectLeft(
    `open("/big", O_RDWR) = 3</big>
     ftruncate(3</big>, 9223372036854775807) = 0
     mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3</big>, 0x40000000) = 0x10000000`,
    "10000000-10001000 r--s 40000000 fe:00 9 /big",
  );
});

test("a mapping above 2^47 is left out and counted", async () => {
  const result = await replayCalls(`mmap(0xff000000000000, 4096, ${RW}) = 0xff000000000000`, "");
  expect(result.notReplayed).toEqual({ "mmap above 0x7ffffffff000": 1 });
  expect(result.maps.differences).toBe(0);
});

test("a removed segment can be attached while somebody is attached to it", async () => {
  await expectLeft(
    `shmget(IPC_PRIVATE, 12288, IPC_CREAT|0600) = 7
     shmat(7, NULL, 0) = 0x10000000
     shmctl(7, IPC_RMID, NULL) = 0
     shmat(7, NULL, 0) = 0x20000000`,
    `10000000-10003000 rw-s 00000000 00:01 7 /SYSV00000000 (deleted)
     20000000-20003000 rw-s 00000000 00:01 7 /SYSV00000000 (deleted)`,
  );
});
