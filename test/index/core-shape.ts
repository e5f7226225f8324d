import type { Process } from "../../bindings/index.js";
import type { RawMachine, RawRecord } from "../check/raw-machine.js";
import type { Place } from "../model/prio-tree.js";

/** What is where in a prio tree: members by name, and the two below. */
export interface Shape {
  readonly members: readonly string[];
  readonly turn: number;
  readonly left: Shape | null;
  readonly right: Shape | null;
}

/** Process and address tell VMAs apart. */
export function nameOf(mm: number, start: number): string {
  return `${mm}:${start.toString(16)}`;
}

/** The shape of a file's tree as the core has it in memory. */
export function coreShape(raw: RawMachine, file: RawRecord): Shape | null {
  return shapeAt(raw, file.get("iMmap"));
}

function nodeName(raw: RawMachine, node: RawRecord): string {
  const vma = node.follow("vma", "Vma");
  return nameOf(raw.record(vma.get("mm"), "MmStruct").address, vma.get("start"));
}

function shapeAt(raw: RawMachine, address: number): Shape | null {
  if (address === 0) return null;
  const node = raw.record(address, "PrioNode");
  const members = [nodeName(raw, node)];
  const head = node.get("head");
  for (let at = head; at !== 0;) {
    const member = raw.record(at, "PrioNode");
    members.push(nodeName(raw, member));
    const after = member.get("right");
    at = after === head ? 0 : after;
  }
  return {
    members,
    turn: node.get("turn") | 0,
    left: shapeAt(raw, node.get("left")),
    right: shapeAt(raw, node.get("right")),
  };
}

/** The shape of a naive tree. */
export function naiveShape<T>(place: Place<T> | null, name: (item: T) => string): Shape | null {
  if (place === null) return null;
  return {
    members: place.members.map(name),
    turn: place.turn,
    left: naiveShape(place.left, name),
    right: naiveShape(place.right, name),
  };
}

/** Address of a process's mm, by which its VMAs are named. */
export function mmOf(raw: RawMachine, process: Process): number {
  return raw.mm(process).address;
}
