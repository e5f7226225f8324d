import { NotifierCall } from "../../assembly/abi/event.js";
import type { Machine } from "../core/machine.js";
import { KernelError } from "../core/kernel-error.js";
import { refused } from "./argument.js";

/** What an entry is about to lead to. */
export interface ChangedEntry {
  readonly frame: number;
  readonly writable: boolean;
}

/**
 * What a client is told, in the order of registration, the last one first. All are optional. They are called in
 * the middle of an operation: they can look at the machine, but a call that changes it is EBUSY. What one throws
 * is thrown by the call that led to it, when its operation is done.
 */
export interface MmuNotifierCallbacks {
  /** The entry at an address is not what it was. */
  readonly invalidatePage?: (address: number) => void;
  /** Entries of [start, end) are about to change: until the end nothing of it may be mapped anew. */
  readonly invalidateRangeStart?: (start: number, end: number) => void;
  /** They have changed. */
  readonly invalidateRangeEnd?: (start: number, end: number) => void;
  /** Was the page there used? It counts as unused from now on. */
  readonly clearFlushYoung?: (address: number) => boolean;
  /** Was the page there used? */
  readonly testYoung?: (address: number) => boolean;
  /** The entry is about to lead to another frame, or to be read-only. */
  readonly changePte?: (address: number, entry: ChangedEntry) => void;
  /** The address space ends, or the client is let go: the last that it hears. */
  readonly release?: () => void;
}

const names: Readonly<Record<keyof MmuNotifierCallbacks, NotifierCall>> = {
  invalidatePage: NotifierCall.InvalidatePage,
  invalidateRangeStart: NotifierCall.RangeStart,
  invalidateRangeEnd: NotifierCall.RangeEnd,
  clearFlushYoung: NotifierCall.ClearFlushYoung,
  testYoung: NotifierCall.TestYoung,
  changePte: NotifierCall.ChangePte,
  release: NotifierCall.Release,
};

/** What a client says of a page. @throws KernelError EINVAL */
function answer(
  name: "clearFlushYoung" | "testYoung",
  client: MmuNotifierCallbacks,
  address: number,
): number {
  const yes = client[name]?.(address);
  if (typeof yes !== "boolean" && yes !== undefined) {
    throw refused("registerNotifier", `what ${name} returned`, yes, "true, false");
  }
  return yes ? 1 : 0;
}

/**
 * Callbacks by the number that the core knows them by. None is ever forgotten, as a snapshot may bring its
 * registration back.
 */
export class CallbackTable {
  readonly #clients: MmuNotifierCallbacks[] = [];

  constructor(private readonly machine: Machine) {}

  /** Makes callbacks known: their number, and which of them there are. @throws KernelError EINVAL */
  add(callbacks: MmuNotifierCallbacks): { cookie: number; calls: number } {
    let calls = 0;
    for (const [name, value] of Object.entries(callbacks) as [string, unknown][]) {
      if (!Object.hasOwn(names, name)) {
        const detail = `option "${name}" is unknown, accepted: model, sleeps, ${Object.keys(names).join(", ")}`;
        throw new KernelError("EINVAL", "registerNotifier", detail);
      }
      if (value === undefined) continue;
      if (typeof value !== "function") {
        throw refused("registerNotifier", name, value, "functions");
      }
      calls |= names[name as keyof MmuNotifierCallbacks];
    }
    const cookie = this.#clients.push({ ...callbacks }) - 1;
    return { cookie, calls };
  }

  /** Calls one, for the core. */
  call(cookie: number, what: number, a: number, b: number): number {
    const client = this.#clients[cookie];
    return client ? this.machine.callBack(() => tell(client, what, a, b)) : 0;
  }
}

function tell(client: MmuNotifierCallbacks, what: NotifierCall, a: number, b: number): number {
  switch (what) {
    case NotifierCall.InvalidatePage:
      client.invalidatePage?.(a);
      return 0;
    case NotifierCall.RangeStart:
      client.invalidateRangeStart?.(a, b);
      return 0;
    case NotifierCall.RangeEnd:
      client.invalidateRangeEnd?.(a, b);
      return 0;
    case NotifierCall.ClearFlushYoung:
      return answer("clearFlushYoung", client, a);
    case NotifierCall.TestYoung:
      return answer("testYoung", client, a);
    case NotifierCall.ChangePte:
      client.changePte?.(a, { frame: Math.floor(b / 2), writable: b % 2 === 1 });
      return 0;
    case NotifierCall.Release:
      client.release?.();
      return 0;
  }
}
