/** What a VMA allows and how it behaves; two VMAs merge only if every one of these agrees. */
export interface Flags {
  readonly read: boolean;
  readonly write: boolean;
  readonly exec: boolean;
  readonly shared: boolean;
  /** VM_ACCOUNT: the memory was reserved when the VMA could first be written. */
  readonly account: boolean;
  readonly noReserve: boolean;
  readonly growsDown: boolean;
  readonly sequential: boolean;
  readonly random: boolean;
  readonly dontCopy: boolean;
  readonly locked: boolean;
  readonly mergeable: boolean;
  /** Pages are where their entries say, not where the file's order would have them. */
  readonly nonlinear: boolean;
  /** Huge pages were asked for, or forbidden. */
  readonly hugePage: boolean;
  readonly noHugePage: boolean;
}

/** Protection in letters; "none" is no access. */
export type Protection = "none" | "r" | "w" | "x" | "rw" | "rx" | "wx" | "rwx";

const NAMES: readonly (keyof Flags)[] = [
  "read",
  "write",
  "exec",
  "shared",
  "account",
  "noReserve",
  "growsDown",
  "sequential",
  "random",
  "dontCopy",
  "locked",
  "mergeable",
  "nonlinear",
  "hugePage",
  "noHugePage",
];
const ACCESS: ReadonlySet<keyof Flags> = new Set(["read", "write", "exec"]);

export const NO_FLAGS: Flags = {
  read: false,
  write: false,
  exec: false,
  shared: false,
  account: false,
  noReserve: false,
  growsDown: false,
  sequential: false,
  random: false,
  dontCopy: false,
  locked: false,
  mergeable: false,
  nonlinear: false,
  hugePage: false,
  noHugePage: false,
};

/** `flags` with the access bits of `protection`. */
export function withProtection(flags: Flags, protection: Protection): Flags {
  const letters = protection === "none" ? "" : protection;
  return {
    ...flags,
    read: letters.includes("r"),
    write: letters.includes("w"),
    exec: letters.includes("x"),
  };
}

export function sameFlags(a: Flags, b: Flags): boolean {
  return a === b || NAMES.every((name) => a[name] === b[name]);
}

/** Equal apart from read, write and execute: what sharing an anon_vma with a neighbour asks for. */
export function sameApartFromAccess(a: Flags, b: Flags): boolean {
  return NAMES.every((name) => ACCESS.has(name) || a[name] === b[name]);
}

/** As in /proc/PID/maps: "rw-p". */
export function permissions(flags: Flags): string {
  return (
    (flags.read ? "r" : "-") +
    (flags.write ? "w" : "-") +
    (flags.exec ? "x" : "-") +
    (flags.shared ? "s" : "p")
  );
}
