import { Prot as ProtBit } from "../../assembly/abi/argument.js";
import { refused } from "./argument.js";

/** Permissions of a mapping. */
export type Prot = "none" | "r" | "w" | "x" | "rw" | "rx" | "wx" | "rwx";

const names: readonly Prot[] = ["none", "r", "w", "rw", "x", "rx", "wx", "rwx"];

/**
 * The core's bits.
 * @throws KernelError EINVAL for anything that is no Prot
 */
export function protBits(prot: Prot, operation: string): number {
  const bits = names.indexOf(prot);
  if (bits < 0) throw refused(operation, "prot", prot, names.join(", "));
  return bits;
}

/** The Prot of VmFlag bits. */
export function protOf(flags: number): Prot {
  return names[flags & (ProtBit.Read | ProtBit.Write | ProtBit.Exec)] ?? "none";
}
