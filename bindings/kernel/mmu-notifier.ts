import { DeviceAccess, NotifierModel } from "../../assembly/abi/argument.js";
import { NotifierField } from "../../assembly/abi/field.js";
import { DEVICE_RECORD } from "../../assembly/abi/memory.js";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { KernelError } from "../core/kernel-error.js";
import {
  checkOptions,
  flag,
  integer,
  refused,
  word as oneOf,
  type OptionTypes,
} from "./argument.js";
import { failed, hex, type Context } from "./context.js";
import { Held } from "./held.js";
import type { MmuNotifierCallbacks } from "./mmu-notifier-callbacks.js";
import type { Process } from "./process.js";
import { exhausted } from "./reason.js";

/** A client that the core has: see docs/api.md. */
export type ClientModel = "kvm" | "rdma";

/** Options of registerNotifier: a model, or callbacks. */
export interface NotifierOptions extends MmuNotifierCallbacks {
  readonly model?: ClientModel;
  /** Of callbacks: they may sleep, so being called under a spinlock is a BUG. Default false. */
  readonly sleeps?: boolean;
}

/** What a client's own table shows at an address. */
export interface DevicePage {
  readonly address: number;
  /** -1: the zero page. */
  readonly frame: number;
  readonly writable: boolean;
  /** It was used since somebody last asked; RDMA can't tell. */
  readonly young: boolean;
}

/** What a fault of a client found. */
export interface UserPage {
  /** -1: the zero page. */
  readonly frame: number;
  readonly writable: boolean;
}

const models: readonly ClientModel[] = ["kvm", "rdma"];
const faultOptions: OptionTypes<{ write?: boolean }> = { write: "flag" };

/** Arguments of Op.RegisterNotifier after the task. @throws KernelError EINVAL */
export function notifierArguments(context: Context, options: NotifierOptions): number[] {
  const call = "registerNotifier";
  if (typeof options !== "object" || options === null) {
    throw refused(call, "options", options, "callbacks, or an object with a model");
  }
  const { model, sleeps = false, ...callbacks } = options;
  flag(call, "sleeps", sleeps);
  if (model === undefined) {
    const { cookie, calls } = context.callbacks.add(callbacks);
    return [NotifierModel.Callbacks, cookie, calls, sleeps ? 1 : 0];
  }
  const [other] = Object.keys(callbacks);
  if (other !== undefined || options.sleeps !== undefined) {
    const detail = `option "${other ?? "sleeps"}" is for callbacks, not for the ${model} model`;
    throw new KernelError("EINVAL", call, detail);
  }
  oneOf(call, "model", model, models);
  return [model === "kvm" ? NotifierModel.Kvm : NotifierModel.Rdma, 0, 0, 0];
}

/**
 * A client that is told when entries of a process's page table change, and keeps a table of its own. Made by
 * process.registerNotifier().
 */
export class MmuNotifier extends Held {
  /** @internal */
  static readonly accepted = "an MmuNotifier of this kernel";
  /** null: callbacks. */
  readonly model: ClientModel | null;

  /** Made by registerNotifier(): not for users. */
  constructor(
    context: Context,
    handle: number,
    /** That it was registered with; all who share its memory are meant. */
    readonly process: Process,
    model: ClientModel | null,
  ) {
    super(context, handle);
    this.model = model;
  }

  protected override get label(): string {
    return `${this.model ?? "client"} of process ${this.process.name}`;
  }

  #field(field: NotifierField): number {
    const value = this.context.machine.core.notifierField(this.handle, field);
    if (value < 0) throw this.#failed(value, this.label);
    return value;
  }

  #failed(result: number, operation: string, address?: number): KernelError {
    return failed(result, operation, this.#why(-result, address));
  }

  #why(errno: Errno, address = 0): string {
    switch (errno) {
      case Errno.ESTALE:
        return "it is not registered any more";
      case Errno.EFAULT:
        return `the process can't do that at ${hex(address)}`;
      case Errno.EINVAL:
        return "it has callbacks, and no table in the core: fault() finds it pages";
      default:
        return exhausted(this.context);
    }
  }

  /** False once it was let go, or the address space has ended. */
  get registered(): boolean {
    return (
      this.current &&
      this.context.machine.core.notifierField(this.handle, NotifierField.Registered) === 1
    );
  }

  /** Changes it was told of that are complete: mmu_notifier_seq. @throws KernelError ESTALE */
  get sequence(): number {
    return this.#field(NotifierField.Sequence);
  }

  /** Ranges that are being changed: mmu_notifier_count. @throws KernelError ESTALE */
  get ranges(): number {
    return this.#field(NotifierField.Ranges);
  }

  /** What the table of a model client shows, by address. @throws KernelError ESTALE, ENOMEM */
  pages(): DevicePage[] {
    const { machine } = this.context;
    const n = this.#field(NotifierField.Pages);
    const at = machine.core.devicePagesOf(this.handle) >>> 0;
    if (!at) throw new KernelError("ENOMEM", `pages() of ${this.label}`, "no room");
    const { view } = machine;
    return Array.from({ length: n }, (_, i) => {
      const record = at + i * DEVICE_RECORD;
      return {
        address: view.getFloat64(record, true),
        frame: view.getFloat64(record + 8, true) || -1,
        writable: view.getUint32(record + 16, true) === 1,
        young: view.getUint32(record + 20, true) === 1,
      };
    });
  }

  #access(how: DeviceAccess, name: string, address: number, word: number): number {
    const { machine } = this.context;
    const result = machine.call(Op.DeviceAccess, this.handle, address, how, word);
    if (result < 0)
      throw this.#failed(result, `${name}(${hex(address)}) of ${this.label}`, address);
    return result;
  }

  /**
   * A model client reads the word of the page at an address, through its own table; what is not there is faulted in.
   *
   * @throws KernelError EFAULT where the process may not read, ENOMEM, ESTALE, EINVAL for callbacks
   */
  read(address: number): number {
    return this.#access(DeviceAccess.Read, "read", integer("read", "address", address), 0);
  }

  /** The same for a write. @throws KernelError EFAULT, ENOMEM, ESTALE, EINVAL */
  write(address: number, word: number): void {
    integer("write", "address", address);
    this.#access(DeviceAccess.Write, "write", address, integer("write", "word", word));
  }

  /**
   * A fault: what get_user_pages finds at an address, for a client's own table. A model client maps it.
   *
   * @throws KernelError EFAULT, ENOMEM, ESTALE, EINVAL
   */
  fault(address: number, options: { write?: boolean } = {}): UserPage {
    checkOptions("fault", options, faultOptions);
    const { write = false } = options;
    const how = write ? DeviceAccess.FaultWrite : DeviceAccess.FaultRead;
    const result = this.#access(how, "fault", integer("fault", "address", address), 0);
    return { frame: Math.floor(result / 2) || -1, writable: result % 2 === 1 };
  }

  /** mmu_notifier_unregister: it hears release, and nothing after that. @throws KernelError ESTALE */
  unregister(): void {
    const result = this.context.machine.call(Op.UnregisterNotifier, this.handle);
    if (result < 0) throw this.#failed(result, `unregister() of ${this.label}`);
  }
}
