import { describe, expect, test } from "vitest";
import { Clock } from "../../bindings/trace/clock.js";
import { isSpecial, parseMaps } from "../../bindings/trace/maps-file.js";

function parse(text: string) {
  return parseMaps({ name: "a.maps", text }, new Clock());
}

const HEADING = "## exit pid=7 ts=5.000000001 exe=/bin/a b\n";

describe("snapshots of /proc/PID/maps", () => {
  test("have a kind, a process, a time and ranges", () => {
    const [snapshot] = parse(
      `${HEADING}00400000-00402000 r-xp 00003000 fe:00 261033       /bin/a b\n` +
        "00402000-00403000 rw-p 00000000 00:00 0 \n" +
        "7f0000000000-7f0000001000 rw-s 00001000 00:01 12 /dev/zero (deleted)\n",
    );
    expect(snapshot).toMatchObject({ kind: "exit", pid: 7, time: 1, line: 1, exe: "/bin/a b" });
    expect(snapshot?.ranges).toEqual([
      { start: 0x400000, end: 0x402000, perms: "r-xp", pgoff: 3, name: "/bin/a b", named: true },
      { start: 0x402000, end: 0x403000, perms: "rw-p", pgoff: 0, name: "", named: false },
      {
        start: 0x7f0000000000,
        end: 0x7f0000001000,
        perms: "rw-s",
        pgoff: 1,
        name: "/dev/zero (deleted)",
        named: true,
      },
    ]);
  });

  test("leave out what lies beyond user space, and know what the kernel placed", () => {
    const [snapshot] = parse(
      `${HEADING}7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]\n` +
        "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]\n",
    );
    expect(snapshot?.ranges.map(isSpecial)).toEqual([true]);
  });

  test.each([
    ["00400000-00401000 r-xp 00000000 fe:00 1 /a\n", "a.maps:1: a range without a heading"],
    ["## exec pid=x\n", 'a.maps:1: "## exec pid=x" is no heading; expected ## exec|exit pid=PID'],
    [`${HEADING}00401000-00400000 r-xp 00000000 fe:00 1 /a\n`, "a.maps:2:"],
    [`${HEADING}00400000-00401800 r-xp 00000000 fe:00 1 /a\n`, "a.maps:2:"],
    [
      `${HEADING}00400000-00402000 r--p 00000000 00:00 0\n00401000-00403000 r--p 00000000 00:00 0\n`,
      "a.maps:3: a range below the end of the one before",
    ],
    [`${HEADING}banana\n`, 'a.maps:2: "banana" is no range; expected START-END PERMS'],
  ])("name the line that is malformed: %s", (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
