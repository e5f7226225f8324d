import { describe, expect, test } from "vitest";
import type { ReplayResult } from "../../bindings/trace/replay.js";
import { PROGRAM, replayCalls, replaySnippet } from "./snippet.js";

const RW_ANON = "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0";
const THREAD =
  "CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS";

function expectSame(result: ReplayResult): void {
  expect(result.maps.details).toEqual([]);
  expect(result.refused).toEqual({ count: 0, details: [] });
  expect(result.notReplayed).toEqual({});
  expect(result.violations).toEqual([]);
  expect(result.maps.skipped).toBe(0);
}

/** An exit snapshot of PROGRAM with more ranges. */
function exit(pid: number, ts: string, mapped = ""): string {
  return `
    ## exit pid=${pid} ts=${ts} exe=/bin/p
    ${PROGRAM.lines}
    ${mapped}
    ${PROGRAM.end}`;
}

describe("threads", () => {
  test("share one address space and one table of descriptors", async () => {
    const result = await replayCalls(
      `10 clone3({flags=${THREAD}, child_tid=0x7f, stack=0x7f, stack_size=0x7fff} => {parent_tid=[11]}, 88) = 11
       11 openat(AT_FDCWD, "/lib/a", O_RDONLY) = 3</lib/a>
       10 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</lib/a>, 0) = 0x10000000
       11 mmap(NULL, 4096, ${RW_ANON}) = 0x10001000
       11 exit(0) = ?
       11 +++ exited with 0 +++
       10 munmap(0x10001000, 4096) = 0`,
      `10000000-10001000 r--p 00000000 fe:00 9 /lib/a`,
    );
    expectSame(result);
    expect(result.operations).toMatchObject({ clone3: 1, exit: 1, exit_group: 1 });
  });

  test("may interrupt each other's calls: a call takes effect where it is resumed", async () => {
    expectSame(
      await replayCalls(
        `10 mmap(0x10000000, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0) = 0x10000000
         10 clone(child_stack=0x7f, flags=${THREAD} <unfinished ...>
         11 munmap(0x10000000, 4096 <unfinished ...>
         10 <... clone resumed>, parent_tid=[11], tls=0x7f, child_tidptr=0x7f) = 11 <0.1>
         10 mmap(0x10001000, 4096, PROT_READ, MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS, -1, 0 <unfinished ...>
         11 <... munmap resumed>) = 0 <0.1>
         11 mprotect(0x10001000, 4096, PROT_NONE) = 0
         10 <... mmap resumed>) = 0x10001000`,
        `10001000-10002000 r--p 00000000 00:00 0`,
      ),
    );
  });

  test("end when one of them executes a program, which goes on under the first one's id", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.0 clone3({flags=${THREAD}, exit_signal=0} => {parent_tid=[11]}, 88) = 11
        10 2.1 mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
        11 2.2 execve("/bin/q", ["q"], 0x1 /* 0 vars */ <unfinished ...>
        10 2.3 +++ superseded by execve in pid 11 +++
        10 2.4 <... execve resumed>) = 0
        10 2.6 mmap(NULL, 4096, ${RW_ANON}) = 0x20000000
        10 2.7 exit_group(0) = ?
        10 2.9 +++ exited with 0 +++
        `,
      maps: `${PROGRAM.maps}
        ## exec pid=10 ts=2.5 exe=/bin/q
        00500000-00501000 r-xp 00000000 fe:00 8 /bin/q
        ## exit pid=10 ts=2.8 exe=/bin/q
        00500000-00501000 r-xp 00000000 fe:00 8 /bin/q
        20000000-20001000 rw-p 00000000 00:00 0
        `,
    });
    expectSame(result);
    expect(result.maps.compared).toBe(2);
  });
});

describe("processes", () => {
  test("a fork child has a copy, from its first event on, even before the call of its parent ends", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.0 mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
        10 2.1 fork( <unfinished ...>
        11 2.2 munmap(0x10000000, 4096) = 0
        10 2.3 <... fork resumed>) = 11
        10 2.4 munmap(0x10001000, 4096) = 0
        11 2.5 exit_group(0) = ?
        11 2.7 +++ exited with 0 +++
        10 2.8 exit_group(0) = ?
        `,
      faults: `
        10 2.05 fault(0x10001000, w, miss, user)
        11 2.15 fault(0x10001000, w, prot, kernel)
        `,
      maps: `${PROGRAM.maps}
        ${exit(11, "2.6", "10001000-10002000 rw-p 00000000 00:00 0")}
        ${exit(10, "2.9", "10000000-10001000 rw-p 00000000 00:00 0")}
        `,
    });
    expectSame(result);
    expect(result.faults.replayed).toBe(2);
    expect(result.maps.snapshots).toBe(2);
  });

  test("a vfork child shares until it executes; faults inside its execve are the new program's", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.0 vfork( <unfinished ...>
        11 2.1 mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
        11 2.2 execve("/bin/q", ["q"], 0x1 /* 0 vars */ <unfinished ...>
        10 2.3 <... vfork resumed>) = 11
        11 2.4 <... execve resumed>) = 0 (DELAYED)
        10 2.6 exit_group(0) = ?
        11 2.8 exit_group(0) = ?
        `,
      faults: `11 2.25 fault(0x500000, w, miss, kernel)
        `,
      maps: `${PROGRAM.maps}
        ## exec pid=11 ts=2.5 exe=/bin/q
        00500000-00501000 rw-p 00000000 fe:00 8 /bin/q
        ${exit(10, "2.7", "10000000-10001000 rw-p 00000000 00:00 0")}
        ## exit pid=11 ts=2.9 exe=/bin/q
        00500000-00501000 rw-p 00000000 fe:00 8 /bin/q
        `,
    });
    expectSame(result);
    expect(result.faults).toMatchObject({ replayed: 1, refused: {} });
  });

  test("posix_spawn: a clone that shares memory like vfork, and a failed execve", async () => {
    expectSame(
      await replaySnippet({
        strace: `${PROGRAM.strace}
          10 2.0 clone3({flags=CLONE_VM|CLONE_VFORK|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD, stack=0x7f, stack_size=0x9000}, 88 <unfinished ...>
          11 2.1 execve("/nope", ["q"], 0x1 /* 0 vars */) = -1 ENOENT (No such file or directory)
          11 2.2 exit_group(127) = ?
          10 2.3 <... clone3 resumed>) = 11
          11 2.4 +++ exited with 127 +++
          10 2.5 mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
          10 2.6 exit_group(0) = ?
          `,
        maps: `${PROGRAM.maps}${exit(10, "2.7", "10000000-10001000 rw-p 00000000 00:00 0")}
          `,
      }),
    );
  });

  test("MADV_DONTFORK keeps a range from the child, MADV_WIPEONFORK its pages; mremap carries both", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.00 mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
        10 2.01 madvise(0x10000000, 4096, MADV_DONTFORK) = 0
        10 2.02 mremap(0x10000000, 4096, 4096, MREMAP_MAYMOVE|MREMAP_FIXED, 0x20000000) = 0x20000000
        10 2.03 madvise(0x10001000, 4096, MADV_DONTFORK) = 0
        10 2.04 madvise(0x10001000, 4096, MADV_DOFORK) = 0
        10 2.05 madvise(0x10001000, 4096, MADV_WIPEONFORK) = 0
        10 2.1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 11
        11 2.2 exit_group(0) = ?
        11 2.4 +++ killed by SIGKILL +++
        10 2.5 exit_group(0) = ?
        `,
      faults: `10 2.001 fault(0x10001000, w, miss, user)
        `,
      maps: `${PROGRAM.maps}
        ${exit(11, "2.3", "10001000-10002000 rw-p 00000000 00:00 0")}
        ${exit(
          10,
          "2.6",
          `10001000-10002000 rw-p 00000000 00:00 0
           20000000-20001000 rw-p 00000000 00:00 0`,
        )}
        `,
    });
    expectSame(result);
  });

  test("exec closes what is marked so, and nothing else", async () => {
    const result = await replaySnippet({
      strace: `${PROGRAM.strace}
        10 2.00 open("/kept", O_RDONLY) = 3
        10 2.01 open("/gone", O_RDONLY|O_CLOEXEC) = 4
        10 2.02 fcntl(4, F_DUPFD, 5) = 5
        10 2.03 fcntl(4, F_DUPFD_CLOEXEC, 6) = 6
        10 2.04 dup3(3, 7, O_CLOEXEC) = 7
        10 2.1 execve("/bin/p", ["p"], 0x1 /* 0 vars */) = 0
        10 2.3 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0x10000000
        10 2.4 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 5, 0) = 0x10002000
        10 2.5 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 6, 0) = 0x10004000
        10 2.6 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 7, 0) = 0x10006000
        10 2.7 exit_group(0) = ?
        `,
      maps: `${PROGRAM.maps}
        ${PROGRAM.maps.replace("1.002", "2.2")}
        ${exit(
          10,
          "2.8",
          `10000000-10001000 r--p 00000000 fe:00 9 /kept
           10002000-10003000 r--p 00000000 fe:00 9 /gone
           10004000-10005000 r--p 00000000 fe:00 9 /other
           10006000-10007000 r--p 00000000 fe:00 9 /another`,
        )}
        `,
    });
    // Descriptors 6 and 7 are not the files that they were: the snapshot may name them.
    expectSame(result);
  });
});

describe("faults", () => {
  test("grow the stack, up to 8 MiB; what ended in a signal is skipped", async () => {
    const result = await replayCalls(
      `10 --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10000123} ---
       10 rt_sigreturn({mask=[]}) = 0`,
      "",
      `10 2.000000100 fault(0x7ffbfff00000, w, miss, user)
       10 2.000000200 fault(0x7ffb00000000, w, miss, user)
       10 2.000000300 fault(0x10000000, r, miss, user)
       99 2.000000400 fault(0x10000000, r, miss, user)`,
    );
    expectSame(result);
    expect(result.faults).toEqual({
      replayed: 1,
      signals: 1,
      strangers: 1,
      refused: { SIGSEGV: 1 },
    });
  });

  test("beyond the end that ftruncate gave a file: it has grown since, by writes", async () => {
    const result = await replayCalls(
      `memfd_create("m", 0) = 3</memfd:m>(deleted)
       ftruncate(3</memfd:m>(deleted), 4096) = 0
       mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_SHARED, 3</memfd:m>(deleted), 0) = 0x10000000`,
      `10000000-10004000 rw-s 00000000 00:01 9 /memfd:m (deleted)`,
      `10 2.000003100 fault(0x10001000, w, miss, user)
       10 2.000003200 fault(0x10002000, w, miss, user)`,
    );
    expectSame(result);
    expect(result.faults).toMatchObject({ replayed: 2, refused: {} });
  });
});

describe("without the other files", () => {
  const strace = `${PROGRAM.strace}
    10 2.0 mprotect(0x401000, 4096, PROT_READ) = 0
    10 2.1 mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
    10 2.2 exit_group(0) = ?
    `;

  test("ranges are assumed where they are used before they are known", async () => {
    const result = await replaySnippet({
      strace,
      faults: `10 2.05 fault(0x400000, x, miss, user)
        10 2.15 fault(0x10000000, w, miss, user)
        `,
    });
    expect(result.assumed).toEqual({ ranges: 2, pages: 2 });
    expect(result.faults).toMatchObject({ replayed: 2, refused: {} });
    expect(result.maps).toMatchObject({ snapshots: 0, compared: 0, differences: 0 });
    expect(result.refused.count).toBe(0);
  });

  test("writable memory is touched", async () => {
    const result = await replaySnippet({ strace, maps: PROGRAM.maps });
    expect(result.populated).toEqual({ pages: 3, left: 0 });
    expect(result.walks.length).toBeGreaterThan(0);
  });

  test("a process that was there before the capture is not compared", async () => {
    const result = await replaySnippet({
      strace: `20 2.0 mmap(NULL, 8192, ${RW_ANON}) = 0x10000000
        20 2.1 exit_group(0) = ?
        `,
      maps: exit(20, "2.2"),
    });
    expect(result.maps).toMatchObject({ snapshots: 0, skipped: 1, differences: 0 });
  });

  test("lines without a thread id mean the one process there is", async () => {
    const result = await replaySnippet({
      strace: strace.replace(/^( *)10 /gm, "$1"),
      faults: `10 2.15 fault(0x10000000, w, miss, user)
        `,
      maps: `${PROGRAM.maps}
        ## exit pid=10 ts=2.3 exe=/bin/p
        00400000-00401000 r-xp 00000000 fe:00 7 /bin/p
        00401000-00402000 r--p 00001000 fe:00 7 /bin/p
        10000000-10002000 rw-p 00000000 00:00 0
        ${PROGRAM.end}
        `,
    });
    expectSame(result);
    expect(result.maps).toMatchObject({ snapshots: 1, differences: 0 });
    expect(result.faults.replayed).toBe(1);
  });

  test("children that nobody followed, and ids of another namespace", async () => {
    const result = await replayCalls(
      `10 mmap(NULL, 4096, ${RW_ANON}) = 0x10000000
       10 clone(child_stack=NULL, flags=SIGCHLD) = 55
       10 clone(child_stack=NULL, flags=CLONE_VM|CLONE_VFORK|SIGCHLD) = 56
       10 clone(child_stack=NULL, flags=SIGCHLD) = 2
       3001 munmap(0x10000000, 4096) = 0
       3001 +++ exited with 0 +++`,
      `10000000-10001000 rw-p 00000000 00:00 0`,
    );
    expectSame(result);
    expect(result.operations["clone"]).toBe(3);
  });
});
